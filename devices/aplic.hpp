// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "devices/bits.hpp"
#include "devices/device.hpp"

namespace devices {

/// The supervisor's domain of an advanced platform-level interrupt controller (AIA, "Advanced Platform-Level Interrupt
/// Controller") that sends each interrupt as a message to an interrupt file (domaincfg.DM is 1 for good), for 8 harts.
class Aplic : public Device, public InterruptController {
  public:
    static constexpr std::uint32_t sources = 96, harts = 8; ///< source 0 is none

    class Listener {
      public:
        virtual ~Listener() = default;
        /// An interrupt of this identity for a hart's file: both as the guest wrote them, in the fields' limits.
        virtual void message(unsigned hart, std::uint32_t identity) = 0;
    };

    explicit Aplic(Listener& listener) : listener_{listener} {}
    void reset();
    std::uint64_t read(std::uint64_t offset, unsigned width) override;
    void write(std::uint64_t offset, unsigned width, std::uint64_t value) override;
    void set_level(std::uint32_t source, bool high) override;

  private:
    using Sources = Bits<sources>;
    enum class Mode : std::uint8_t { Inactive = 0, Detached = 1, Edge1 = 4, Edge0 = 5, Level1 = 6, Level0 = 7 };

    bool level_sensitive(std::uint32_t source) const;
    void set_input(std::uint32_t source);
    void set_mode(std::uint32_t source, std::uint64_t value);
    void set_pending(std::uint64_t source);
    void clear_pending(std::uint64_t source);
    void set_enabled(std::uint64_t source, bool on);
    void write_word(std::uint64_t offset, std::uint64_t value);
    void send();
    void send_message(std::uint32_t target);

    Listener& listener_;
    bool interrupts_on_ = false;
    Sources level_, input_, pending_, enabled_; ///< input: rectified, as the source's mode makes it out of the level
    std::array<Mode, sources> mode_{};
    std::array<std::uint32_t, sources> target_{};
};

}
