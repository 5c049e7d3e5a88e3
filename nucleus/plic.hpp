// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

/// The host's platform-level interrupt controller (riscv-plic specification 1.0.0). A claimed line stays silent until
/// it is completed, so a program that is slow to acknowledge its interrupt only delays itself.
class Plic {
  public:
    static constexpr std::uint32_t line_limit = 1024;

    Plic() = default;
    Plic(volatile std::uint32_t* registers, std::uint32_t lines) : registers_{registers}, lines_{lines} {}

    std::uint32_t lines() const { return lines_; }
    void use_context(std::uint64_t hart, std::uint32_t context) { contexts_[hart] = context; }
    /// Lets lines of every priority interrupt `hart`. For each hart by itself once it runs: on its way in, firmware
    /// closes its context (OpenSBI sets the threshold to 7 for harts that HSM starts).
    void open(std::uint64_t hart) {
        if (lines_ != 0)
            at(0x200000 + contexts_[hart] * 0x1000) = 0;
    }
    /// Lets `line` interrupt `hart`, or no longer.
    void enable(std::uint64_t hart, std::uint32_t line, bool on) {
        at(line * 4) = 1;
        volatile std::uint32_t& word = at(0x2000 + contexts_[hart] * 0x80 + line / 32 * 4);
        const std::uint32_t bit = std::uint32_t{1} << line % 32;
        word = on ? word | bit : word & ~bit;
    }
    /// The line that interrupts `hart`; 0: none.
    std::uint32_t claim(std::uint64_t hart) { return lines_ == 0 ? 0 : at(0x200004 + contexts_[hart] * 0x1000); }
    void complete(std::uint64_t hart, std::uint32_t line) { at(0x200004 + contexts_[hart] * 0x1000) = line; }

  private:
    volatile std::uint32_t& at(std::uint64_t offset) { return registers_[offset / 4]; }

    volatile std::uint32_t* registers_ = nullptr;
    std::uint32_t lines_ = 0;
    std::array<std::uint32_t, 64> contexts_{};
};
