// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "bench/linux/system.hpp"

/// How a program in the guest and one in the host of KVM tell each other where what is counted begins and ends: as
/// single bytes on the guest's console.
namespace mark {
inline constexpr char begin = 2, end = 3; // ASCII's start and end of a text
}

/// Linux's counter of instructions (perf_event_open(2)), of whatever runs on the first hart, in any mode: where an
/// emulator counts, of all that is beneath, too.
class Counter {
  public:
    Counter();
    Counter(const Counter&) = delete;
    Counter& operator=(const Counter&) = delete;
    ~Counter();
    /// Nothing if there is no such counter here.
    std::optional<std::uint64_t> read() const;

  private:
    std::int64_t descriptor_;
};

/// A line `bench: NAME VALUE UNIT`.
void print_figure(const os::File& console, std::string_view name, std::uint64_t value, std::string_view unit);
/// A line `bench: NAME - WHY`.
void print_reason(const os::File& console, std::string_view name, std::string_view why);
