// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace sdk::literals {

consteval std::uint64_t operator""_KiB(unsigned long long count) {
    return count << 10;
}
consteval std::uint64_t operator""_MiB(unsigned long long count) {
    return count << 20;
}
consteval std::uint64_t operator""_GiB(unsigned long long count) {
    return count << 30;
}

}
