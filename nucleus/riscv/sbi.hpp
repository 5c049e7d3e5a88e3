// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/sbi.hpp"

namespace sbi {

struct Answer {
    std::int64_t error; ///< 0: success
    std::uint64_t value;
};

/// Calls the firmware (SBI binary encoding).
inline Answer call(Extension extension, std::uint64_t function, std::uint64_t first = 0, std::uint64_t second = 0,
                   std::uint64_t third = 0) {
    register std::uint64_t a0 asm("a0") = first;
    register std::uint64_t a1 asm("a1") = second;
    register std::uint64_t a2 asm("a2") = third;
    register std::uint64_t a6 asm("a6") = function;
    register std::uint64_t a7 asm("a7") = static_cast<std::uint64_t>(extension);
    asm volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a6), "r"(a7) : "memory");
    return {static_cast<std::int64_t>(a0), a1};
}

}
