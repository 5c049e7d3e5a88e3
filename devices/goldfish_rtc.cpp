// SPDX-License-Identifier: Apache-2.0
#include "devices/goldfish_rtc.hpp"

namespace devices {

namespace {

enum Register : std::uint64_t {
    TimeLow = 0x00, ///< latches TimeHigh
    TimeHigh = 0x04,
    AlarmLow = 0x08, ///< arms
    AlarmHigh = 0x0c,
    InterruptEnabled = 0x10,
    ClearAlarm = 0x14,
    AlarmStatus = 0x18,
    ClearInterrupt = 0x1c,
};

}

void GoldfishRtc::reset() {
    ahead_ = alarm_ = 0;
    time_high_ = alarm_high_ = set_high_ = 0;
    armed_ = interrupt_enabled_ = pending_ = false;
    update();
}

void GoldfishRtc::tick() {
    if (!armed_ || time() < alarm_)
        return;
    armed_ = false;
    pending_ = true;
    update();
}

std::uint64_t GoldfishRtc::read(std::uint64_t offset, unsigned width) {
    if (width != 4)
        return 0;
    switch (offset) {
    case TimeLow: {
        const std::uint64_t now = time();
        time_high_ = static_cast<std::uint32_t>(now >> 32);
        return static_cast<std::uint32_t>(now);
    }
    case TimeHigh: return time_high_;
    case AlarmLow: return static_cast<std::uint32_t>(alarm_);
    case AlarmHigh: return alarm_ >> 32;
    case InterruptEnabled: return interrupt_enabled_;
    case AlarmStatus: return armed_;
    default: return 0;
    }
}

void GoldfishRtc::write(std::uint64_t offset, unsigned width, std::uint64_t value) {
    if (width != 4)
        return;
    const auto word = static_cast<std::uint32_t>(value);
    switch (offset) {
    case TimeLow:
        ahead_ = (static_cast<std::uint64_t>(set_high_) << 32 | word) - clock_.now();
        return clock_.alarm_changed();
    case TimeHigh: set_high_ = word; return;
    case AlarmLow:
        alarm_ = static_cast<std::uint64_t>(alarm_high_) << 32 | word;
        armed_ = true;
        tick();
        return clock_.alarm_changed();
    case AlarmHigh: alarm_high_ = word; return;
    case InterruptEnabled: interrupt_enabled_ = (word & 1) != 0; return update();
    case ClearAlarm: armed_ = false; return clock_.alarm_changed();
    case ClearInterrupt: pending_ = false; return update();
    default: return;
    }
}

}
