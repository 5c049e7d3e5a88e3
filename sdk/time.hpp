// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "sdk/system_call.hpp"

namespace sdk {

/// A count at one rate as that at another, both per second; rounded down. No product overflows while rates are below
/// 2^32.
constexpr std::uint64_t at_rate(std::uint64_t count, std::uint64_t rate, std::uint64_t other) {
    return count / rate * other + count % rate * other / rate;
}
static_assert(at_rate(25'000'001, 10'000'000, 1'000'000'000) == 2'500'000'100);
static_assert(at_rate(2'500'000'199, 1'000'000'000, 10'000'000) == 25'000'001);

/// Ticks of the host's clock in a second.
inline std::uint64_t ticks_per_second() {
    return system_info(abi::SystemFact::TimebaseHertz);
}
inline constexpr std::uint64_t nanoseconds_per_second = 1'000'000'000;
inline std::uint64_t nanoseconds_of_ticks(std::uint64_t ticks) {
    return at_rate(ticks, ticks_per_second(), nanoseconds_per_second);
}
inline std::uint64_t ticks_of_nanoseconds(std::uint64_t nanoseconds) {
    return at_rate(nanoseconds, nanoseconds_per_second, ticks_per_second());
}
/// Of what people and peers ask for: a day at most.
inline std::uint64_t ticks_of_milliseconds(std::uint64_t milliseconds) {
    constexpr std::uint64_t day = 24 * 3600 * 1000;
    return at_rate(std::min(milliseconds, day), 1000, ticks_per_second());
}

}
