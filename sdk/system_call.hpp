// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <type_traits>

#include "abi/call.hpp"
#include "abi/error.hpp"

namespace sdk {

/// An argument as a register holds it.
template <class T>
std::uint64_t number_of(T argument) {
    if constexpr (std::is_pointer_v<T>)
        return reinterpret_cast<std::uint64_t>(argument);
    else
        return static_cast<std::uint64_t>(argument);
}

/// One system call as it is (abi/call.hpp), but for VcpuResume and VcpuWait. Wrappers below and elsewhere give it
/// types.
template <class... Arguments>
abi::Result<std::uint64_t> call_once(abi::Call number, Arguments... arguments) {
    static_assert(sizeof...(Arguments) <= 6);
    const std::uint64_t values[6] = {number_of(arguments)...};
    register std::uint64_t a0 asm("a0") = values[0];
    register std::uint64_t a1 asm("a1") = values[1];
    register std::uint64_t a2 asm("a2") = values[2];
    register std::uint64_t a3 asm("a3") = values[3];
    register std::uint64_t a4 asm("a4") = values[4];
    register std::uint64_t a5 asm("a5") = values[5];
    register std::uint64_t a7 asm("a7") = static_cast<std::uint64_t>(number);
    asm volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a3), "r"(a4), "r"(a5), "r"(a7) : "memory");
    if (a0 != 0)
        return std::unexpected{static_cast<abi::Error>(a0)};
    return a1;
}

/// VcpuResume or VcpuWait, which keep no register but sp and tp: what abi::Error they return.
[[gnu::always_inline]] inline std::uint64_t run_guest(abi::Call how, std::uint64_t cpu) {
    register std::uint64_t a0 asm("a0") = cpu;
    register std::uint64_t a7 asm("a7") = static_cast<std::uint64_t>(how);
    asm volatile("ecall"
                 : "+r"(a0), "+r"(a7)
                 :
                 : "memory", "ra", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "a1", "a2", "a3", "a4", "a5", "a6", "s0",
                   "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11");
    return a0;
}

/// One system call, again and again while the nucleus has done but a piece of it.
template <class... Arguments>
abi::Result<std::uint64_t> call(abi::Call number, Arguments... arguments) {
    for (;;)
        if (const auto result = call_once(number, arguments...); result || result.error() != abi::Error::Again)
            return result;
}

/// Now, in timebase ticks.
inline std::uint64_t now() {
    return *call_once(abi::Call::Time);
}

inline std::uint64_t system_info(abi::SystemFact fact) {
    return call_once(abi::Call::SystemInfo, fact).value_or(0);
}

}
