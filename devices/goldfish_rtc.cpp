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

constexpr std::uint64_t low_half = 0xffff'ffff;

std::uint64_t with_low(std::uint64_t number, std::uint32_t half) {
    return (number & ~low_half) | half;
}
std::uint64_t with_high(std::uint64_t number, std::uint32_t half) {
    return (number & low_half) | static_cast<std::uint64_t>(half) << 32;
}

}

void GoldfishRtc::reset() {
    ahead_ = alarm_ = 0;
    deadline_ = no_alarm;
    time_high_ = 0;
    armed_ = interrupt_enabled_ = pending_ = false;
    update();
}

void GoldfishRtc::tick() {
    if (!armed_ || clock_.now() < deadline_)
        return;
    armed_ = false;
    deadline_ = no_alarm;
    pending_ = true;
    update();
}

/// When an armed alarm is due, as the clock counts: at once, if the guest's time is beyond it. Never beyond the end of
/// the clock, so that what is due is due whenever it is looked at.
void GoldfishRtc::plan() {
    const std::uint64_t clock = clock_.now(), guest = clock + ahead_, wait = alarm_ > guest ? alarm_ - guest : 0;
    deadline_ = !armed_ || wait > no_alarm - clock ? no_alarm : clock + wait;
    tick();
    clock_.alarm_changed();
}

void GoldfishRtc::set_time(std::uint64_t time) {
    ahead_ = time - clock_.now();
    plan();
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
    case TimeLow: return set_time(with_low(time(), word)); // each half by itself, so that either can come first
    case TimeHigh: return set_time(with_high(time(), word));
    case AlarmLow:
        alarm_ = with_low(alarm_, word);
        armed_ = true;
        return plan();
    case AlarmHigh: alarm_ = with_high(alarm_, word); return;
    case InterruptEnabled: interrupt_enabled_ = (word & 1) != 0; return update();
    case ClearAlarm: armed_ = false; return plan();
    case ClearInterrupt: pending_ = false; return update();
    default: return;
    }
}

}
