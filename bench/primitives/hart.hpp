// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "bench/primitives/layout.h"

/// What trap_entry (start.S) knows of a hart, and its stack behind it.
struct alignas(16) Hart {
    std::uint64_t saved;
    std::atomic<std::uint64_t> ipis, timer, exceptions; ///< how many of them it has taken
    std::byte stack[HART_STACK_TOP - 32];
};
static_assert(offsetof(Hart, ipis) == HART_IPIS && offsetof(Hart, timer) == HART_TIMER);
static_assert(offsetof(Hart, exceptions) == HART_EXCEPTIONS && sizeof(Hart) == HART_BYTES);

inline constexpr std::size_t hart_limit = 8;
extern "C" Hart harts[hart_limit];
/// The trap handler of a hart that takes messages.
extern "C" void message_entry();
/// Where harts begin that SBI HSM hart_start starts, with their index in `harts` as its argument.
extern "C" void next_hart();
