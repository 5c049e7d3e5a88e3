// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "devices/device.hpp"

namespace devices {

/// The real-time clock of QEMU's `virt` (Goldfish): nanoseconds since the epoch, and an alarm.
class GoldfishRtc : public Device {
  public:
    static constexpr std::uint64_t no_alarm = ~std::uint64_t{0};

    class Clock {
      public:
        virtual ~Clock() = default;
        /// Nanoseconds since 1970 began, without what the guest has set.
        virtual std::uint64_t now() = 0;
        /// The alarm is now at another time.
        virtual void alarm_changed() = 0;
    };

    GoldfishRtc(Clock& clock, InterruptLine line) : clock_{clock}, line_{line} {}
    void reset();
    std::uint64_t read(std::uint64_t offset, unsigned width) override;
    void write(std::uint64_t offset, unsigned width, std::uint64_t value) override;
    /// When `tick` is wanted, by the clock; no_alarm: never.
    std::uint64_t deadline() const { return deadline_; }
    /// Raises the alarm's interrupt if it is time.
    void tick();

  private:
    std::uint64_t time() { return clock_.now() + ahead_; }
    void set_time(std::uint64_t time);
    void plan();
    void update() { line_.set(pending_ && interrupt_enabled_); }

    Clock& clock_;
    InterruptLine line_;
    std::uint64_t ahead_ = 0; ///< what the guest has set beyond the clock
    std::uint64_t alarm_ = 0; ///< by the guest's time
    std::uint64_t deadline_ = no_alarm;
    std::uint32_t time_high_ = 0;
    bool armed_ = false, interrupt_enabled_ = false, pending_ = false;
};

}
