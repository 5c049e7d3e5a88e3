// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

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
    /// One `action`, without the loop around it, in the middle of many: the best of a few times, since what else goes
    /// on in a hypervisor falls into some of them.
    void measure(std::string_view name, auto action, std::uint64_t rounds = 2000) const {
        const std::uint64_t each = rounds / batches;
        (void)ticks_of(10, action);
        const std::uint64_t loop = ticks_of(each, [] { asm volatile(""); });
        std::uint64_t best = ~std::uint64_t{0};
        for (std::uint64_t batch = 0; batch < batches; ++batch)
            best = std::min(best, ticks_of(each, action));
        print(name, best < loop ? 0 : (nanoseconds(best - loop) + each / 2) / each);
    }
    static constexpr std::uint64_t batches = 10;

  private:
    static std::uint64_t ticks_of(std::uint64_t times, auto action) {
        const std::uint64_t before = now();
        for (std::uint64_t i = 0; i < times; ++i)
            action();
        return now() - before;
    }
    /// Instructions, if an addition, a division and a jump all take just one nanosecond; nothing but an emulator that
    /// counts does that. A hypervisor's own work may fall into a try, but not into each of them.
    std::string_view find_unit() const {
        constexpr std::uint64_t rounds = 20'000, instructions = 3 * rounds, tries = 8;
        const auto counted = [&](auto action) {
            for (std::uint64_t i = 0; i < tries; ++i)
                if (const std::uint64_t took = nanoseconds(ticks_of(1, action));
                    took > instructions - instructions / 50 && took < instructions + instructions / 50)
                    return true;
            return false;
        };
        const bool added = counted([] {
            asm volatile("li t0, %0\n1: addi t0, t0, -1\n addi t1, t1, 3\n bnez t0, 1b" ::"i"(rounds)
                         : "t0", "t1", "memory");
        });
        const bool divided = counted([] {
            asm volatile("li t0, %0\n li t2, 3\n1: addi t0, t0, -1\n div t1, t0, t2\n bnez t0, 1b" ::"i"(rounds)
                         : "t0", "t1", "t2", "memory");
        });
        return added && divided ? "instructions" : "ns";
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
