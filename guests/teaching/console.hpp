// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "guests/teaching/text.hpp"

/// All that this kernel asks of firmware, by the legacy extensions alone (SBI, chapter "Legacy Extensions").

void print(std::string_view text);
/// The next character that was typed, or -1 if there is none.
std::int64_t typed_character();
/// When the next timer interrupt comes, in ticks; until then none is pending.
void set_timer(std::uint64_t deadline);
[[noreturn]] void shut_down();
/// A bug of the kernel's: says so and stops, for nothing can be relied on now.
[[noreturn]] void panic(std::string_view text);
