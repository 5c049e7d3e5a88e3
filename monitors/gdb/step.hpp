// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>

namespace gdb {

/// What one instruction leads to, unless it raises an exception.
struct Step {
    std::array<std::uint64_t, 18> addresses{}; ///< where the hart can be next
    std::size_t count = 0;
    bool waits = false;            ///< WFI, which may be over at any time (norm:wfi_op)
    bool interrupt_enable = false; ///< reads or writes sie

    std::span<const std::uint64_t> next() const { return std::span{addresses}.first(count); }
    void add(std::uint64_t address) {
        if (count < addresses.size())
            addresses[count++] = address;
    }
};

/// How to look at the hart: two bytes of code, and a register by its number.
struct Look {
    std::function<std::optional<std::uint16_t>(std::uint64_t address)> fetch;
    std::function<std::optional<std::uint64_t>(unsigned number)> reg;
};

/// Where the instruction at `pc` leads. A sequence that begins with LR counts as one, up to behind its SC, for a trap
/// between the two would make that fail each time (unprivileged manual, "Eventual Success of Store-Conditional
/// Instructions": at most 16 instructions, branches in it only go forward or back to the LR). Nothing if it cannot be
/// read.
std::optional<Step> step(std::uint64_t pc, const Look& look);

}
