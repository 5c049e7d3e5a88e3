// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

/// The message that has come in for this hart, which is then no longer pending: the number of a line; 0: none.
std::uint32_t take_message();

/// The host's interrupt controller: a PLIC (riscv-plic specification 1.0.0), or an APLIC that sends each line as a
/// message to a hart's IMSIC, with the line's number as its identity (AIA, "Message-signaled interrupts" of the APLIC).
/// A claimed line stays silent until it is completed, so a program that is slow to acknowledge its interrupt only
/// delays itself.
class InterruptController {
  public:
    static constexpr std::uint32_t line_limit = 1024;

    InterruptController() = default;
    InterruptController(volatile std::uint32_t* registers, std::uint32_t lines, bool messages)
        : registers_{registers}, lines_{lines}, messages_{messages} {
        constexpr std::uint32_t interrupts_on = 1 << 8, by_message = 1 << 2; // domaincfg.IE, DM
        if (messages)
            at(0) = interrupts_on | by_message;
    }

    std::uint32_t lines() const { return lines_; }
    bool messages() const { return messages_; }
    /// The PLIC's context, or the IMSICs' hart index, of `hart`.
    void use_context(std::uint64_t hart, std::uint32_t context) { contexts_[hart] = context; }
    std::uint32_t context(std::uint64_t hart) const { return contexts_[hart]; }
    /// Lets lines of every priority interrupt `hart`. For each hart by itself once it runs: on its way in, firmware
    /// closes its context (OpenSBI sets the threshold to 7 for harts that HSM starts).
    void open(std::uint64_t hart) {
        if (lines_ != 0 && !messages_)
            at(0x200000 + contexts_[hart] * 0x1000) = 0;
    }
    /// Lets `line`, which is level-sensitive, interrupt `hart`, or no longer.
    void enable(std::uint64_t hart, std::uint32_t line, bool on) {
        constexpr std::uint32_t level_high = 6;
        if (messages_ && !on) {
            at(clrienum) = line;
        } else if (messages_) {
            at(line * 4) = level_high;                            // sourcecfg
            at(0x3000 + line * 4) = contexts_[hart] << 18 | line; // target
            complete(hart, line);
        } else {
            at(line * 4) = 1;
            volatile std::uint32_t& word = at(0x2000 + contexts_[hart] * 0x80 + line / 32 * 4);
            const std::uint32_t bit = std::uint32_t{1} << line % 32;
            word = on ? word | bit : word & ~bit;
        }
    }
    /// The line that interrupts `hart`, this one; 0: none.
    std::uint32_t claim(std::uint64_t hart) {
        if (!messages_)
            return lines_ == 0 ? 0 : at(0x200004 + contexts_[hart] * 0x1000);
        const std::uint32_t line = take_message();
        if (line != 0)
            at(clrienum) = line;
        return line;
    }
    void complete(std::uint64_t hart, std::uint32_t line) {
        if (messages_) {
            if ((at(0x1d00 + line / 32 * 4) >> line % 32 & 1) !=
                0)                 // in_clrip: its level; QEMU 7.2 does not look itself
                at(0x1cdc) = line; // setipnum: pending again
            at(0x1edc) = line;     // setienum
        } else {
            at(0x200004 + contexts_[hart] * 0x1000) = line;
        }
    }
    /// Silences a line that was claimed and that nobody is to have.
    void drop(std::uint64_t hart, std::uint32_t line) {
        if (!messages_)
            complete(hart, line);
        enable(hart, line, false);
    }

  private:
    static constexpr std::uint64_t clrienum = 0x1fdc;
    volatile std::uint32_t& at(std::uint64_t offset) { return registers_[offset / 4]; }

    volatile std::uint32_t* registers_ = nullptr;
    std::uint32_t lines_ = 0;
    bool messages_ = false;
    std::array<std::uint32_t, 64> contexts_{};
};
