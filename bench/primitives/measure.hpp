// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/primitives/platform.hpp"
#include "guests/guest.hpp"

/// Measures by `time`, which hypervisors give guests without an exit and which, where an emulator counts instructions
/// (QEMU's -icount shift=0), goes on by one nanosecond an instruction.
class Meter {
  public:
    explicit Meter(const Platform& platform) : platform_{platform}, unit_{find_unit()} {}

    const Platform& platform() const { return platform_; }
    std::uint64_t nanoseconds(std::uint64_t ticks) const {
        constexpr std::uint64_t second = 1'000'000'000;
        return ticks / platform_.hertz * second + ticks % platform_.hertz * second / platform_.hertz;
    }
    void print(std::string_view name, std::uint64_t nanoseconds) const {
        print_figure(platform_, name, nanoseconds, unit_);
    }
    /// One `action`, without the loop around it, in the middle of many.
    void measure(std::string_view name, auto action, std::uint64_t rounds = 2000) const {
        (void)ticks_of(10, action);
        const std::uint64_t loop = ticks_of(rounds, [] { asm volatile(""); }), all = ticks_of(rounds, action);
        print(name, all < loop ? 0 : (nanoseconds(all - loop) + rounds / 2) / rounds);
    }

  private:
    static std::uint64_t ticks_of(std::uint64_t times, auto action) {
        const std::uint64_t before = now();
        for (std::uint64_t i = 0; i < times; ++i)
            action();
        return now() - before;
    }
    /// Instructions, if an addition, a division and a jump all take just one nanosecond; nothing but an emulator that
    /// counts does that.
    std::string_view find_unit() const {
        constexpr std::uint64_t rounds = 200'000;
        const auto counted = [&](std::uint64_t ticks, std::uint64_t instructions) {
            const std::uint64_t took = nanoseconds(ticks);
            return took > instructions - instructions / 50 && took < instructions + instructions / 20;
        };
        const std::uint64_t added = ticks_of(1, [] {
            asm volatile("li t0, %0\n1: addi t0, t0, -1\n addi t1, t1, 3\n bnez t0, 1b" ::"i"(rounds)
                         : "t0", "t1", "memory");
        });
        const std::uint64_t divided = ticks_of(1, [] {
            asm volatile("li t0, %0\n li t2, 3\n1: addi t0, t0, -1\n div t1, t0, t2\n bnez t0, 1b" ::"i"(rounds)
                         : "t0", "t1", "t2", "memory");
        });
        return counted(added, 3 * rounds) && counted(divided, 3 * rounds) ? "instructions" : "ns";
    }

    const Platform& platform_;
    std::string_view unit_;
};

/// An ecall with its registers set up before, so that nothing but the ecall is measured.
inline void bare_call(sbi::Extension extension, std::uint64_t function = 0, std::uint64_t first = 0,
                      std::uint64_t second = 0) {
    register std::uint64_t a0 asm("a0") = first;
    register std::uint64_t a1 asm("a1") = second;
    register std::uint64_t a6 asm("a6") = function;
    register std::uint64_t a7 asm("a7") = static_cast<std::uint64_t>(extension);
    asm volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a6), "r"(a7) : "memory");
}
