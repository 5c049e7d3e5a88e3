// SPDX-License-Identifier: Apache-2.0
#include "monitors/machine/sbi_counters.hpp"

namespace machine {

namespace counter_event {

bool offered(std::uint64_t event, std::uint64_t data) {
    if (event == cycles || event == instructions)
        return data == 0;
    return (event & ~code_mask) == firmware_type && data == 0 && FirmwareEvents::index(event & code_mask).has_value();
}

bool counted_by(std::uint64_t event, std::uint64_t index) {
    if (event == cycles)
        return index == counter::cycle;
    if (event == instructions)
        return index == counter::instret;
    return counter::is_firmware(index);
}

}

void Counters::reset() {
    counters_ = {};
    for (std::uint64_t index = counter::first_firmware; index < counter::count; ++index)
        counters_[index].kept = true;
}

std::uint64_t Counters::source(std::uint64_t index) const {
    Platform& platform = around_->platform;
    if (index == counter::cycle)
        return platform.hardware_counter(HardwareCounter::Cycle);
    if (index == counter::instret)
        return platform.hardware_counter(HardwareCounter::Instret);
    const auto event = static_cast<FirmwareEvent>(counters_[index].event & counter_event::code_mask);
    return around_->events.total(hart_, event, platform.answered(hart_));
}

/// Decides who answers the guest's reads of a counter's CSR. `time` is always the hardware's.
void Counters::keep(std::uint64_t index, bool kept) {
    if (counter::is_firmware(index) || counters_[index].kept == kept)
        return;
    counters_[index].kept = kept;
    constexpr std::uint64_t time = 2;
    std::uint64_t access = time;
    if (!counters_[counter::cycle].kept)
        access |= static_cast<std::uint64_t>(HardwareCounter::Cycle);
    if (!counters_[counter::instret].kept)
        access |= static_cast<std::uint64_t>(HardwareCounter::Instret);
    around_->platform.set_counter_access(hart_, access);
}

std::uint64_t Counters::value(std::uint64_t index) const {
    const Counter& counter = counters_[index];
    if (!counter.kept)
        return source(index);
    return counter.value + (counter.started ? source(index) - counter.since : 0);
}

void Counters::set(std::uint64_t index, std::uint64_t value) {
    keep(index, true);
    counters_[index].value = value;
}

void Counters::start(std::uint64_t index) {
    counters_[index].since = source(index);
    counters_[index].started = true;
}

void Counters::stop(std::uint64_t index) {
    const std::uint64_t last = value(index);
    set(index, last);
    counters_[index].started = false;
}

void Counters::release(std::uint64_t index) {
    counters_[index].event = counter_event::none;
    keep(index, false);
}

}
