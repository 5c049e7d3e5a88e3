// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/sbi.hpp"

/// What guests of our own are written with: a kernel's first helpers, in VS-mode, on SBI.

/// Where every hart begins: hart 0 with what its monitor passes, others with what start_hart passed.
extern "C" void guest_main(std::uint64_t hart, std::uint64_t argument);

template <unsigned Number>
std::uint64_t read_csr() {
    std::uint64_t value;
    asm volatile("csrr %0, %1" : "=r"(value) : "i"(Number) : "memory");
    return value;
}
template <unsigned Number>
void write_csr(std::uint64_t value) {
    asm volatile("csrw %1, %0" ::"r"(value), "i"(Number) : "memory");
}
template <unsigned Number>
void set_csr(std::uint64_t bits) {
    asm volatile("csrs %1, %0" ::"r"(bits), "i"(Number) : "memory");
}
template <unsigned Number>
void clear_csr(std::uint64_t bits) {
    asm volatile("csrc %1, %0" ::"r"(bits), "i"(Number) : "memory");
}

namespace csr {
inline constexpr unsigned sstatus = 0x100, sie = 0x104, sip = 0x144, satp = 0x180, stimecmp = 0x14d, time = 0xc01,
                          instret = 0xc02, vlenb = 0xc22;
}
inline constexpr std::uint64_t interrupts_on = 2; // sstatus.SIE
namespace interrupt_bit {
inline constexpr std::uint64_t software = 1 << 1, timer = 1 << 5, external = 1 << 9;
}

struct SbiAnswer {
    std::int64_t error;
    std::uint64_t value;
};
SbiAnswer sbi_call(sbi::Extension extension, std::uint64_t function, std::uint64_t first = 0, std::uint64_t second = 0,
                   std::uint64_t third = 0, std::uint64_t fourth = 0);
void print(std::string_view text);
void print(std::uint64_t number);
/// A line that a test looks for: "ok NAME", or "FAILED NAME".
void report(std::string_view name, bool ok);
extern "C" [[noreturn]] void shut_down(std::uint64_t reason);
/// Starts another hart in guest_main.
void start_hart(std::uint64_t hart, std::uint64_t argument);
inline std::uint64_t now() {
    return read_csr<csr::time>();
}
inline void set_timer(std::uint64_t deadline) {
    sbi_call(sbi::Extension::Time, 0, deadline);
}
inline void wait_for_interrupt() {
    asm volatile("wfi" ::: "memory");
}

/// Registers at a trap.
struct Trap {
    std::uint64_t x[32];
    std::uint64_t pc;
};
/// What exceptions are to do: be counted here and skipped, while a test expects them; else the guest says so and ends.
struct ExpectedTrap {
    std::uint64_t count = 0, cause = 0, value = 0;
};
/// The trap that `action` raises on this hart (hart 0 only), or count 0.
ExpectedTrap trap_of(auto action);

extern ExpectedTrap* expected_trap;
ExpectedTrap trap_of(auto action) {
    ExpectedTrap trap;
    expected_trap = &trap;
    action();
    asm volatile("" ::: "memory");
    expected_trap = nullptr;
    return trap;
}
/// Called for interrupts, with the cause's number; a guest sets it.
extern void (*on_interrupt)(std::uint64_t cause);
