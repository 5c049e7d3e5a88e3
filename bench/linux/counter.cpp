// SPDX-License-Identifier: Apache-2.0
#include "bench/linux/counter.hpp"

#include "bench/linux/line.hpp"

namespace {

/// The first version of it (Linux, include/uapi/linux/perf_event.h: PERF_ATTR_SIZE_VER0).
struct PerfEventAttributes {
    std::uint32_t type = 0; // PERF_TYPE_HARDWARE
    std::uint32_t size = sizeof(PerfEventAttributes);
    std::uint64_t config = 1; // PERF_COUNT_HW_INSTRUCTIONS
    std::uint64_t sample_period = 0, sample_type = 0, read_format = 0;
    std::uint64_t flags = 4; // pinned: counts always
    std::uint32_t wakeup_events = 0, breakpoint_type = 0;
    std::uint64_t config1 = 0;
};
static_assert(sizeof(PerfEventAttributes) == 64);

}

Counter::Counter() {
    constexpr auto every_process = static_cast<std::uint64_t>(-1), no_group = every_process;
    constexpr std::uint64_t hart = 0, no_flags = 0;
    const PerfEventAttributes attributes;
    descriptor_ = os::call(os::Call::PerfEventOpen, os::address(&attributes), every_process, hart, no_group, no_flags);
}

Counter::~Counter() {
    if (descriptor_ >= 0)
        os::call(os::Call::Close, static_cast<std::uint64_t>(descriptor_));
}

std::optional<std::uint64_t> Counter::read() const {
    std::uint64_t value = 0;
    if (descriptor_ < 0 || os::call(os::Call::Read, static_cast<std::uint64_t>(descriptor_), os::address(&value),
                                    sizeof value) != static_cast<std::int64_t>(sizeof value))
        return {};
    return value;
}

void print_figure(const os::File& console, std::string_view name, std::uint64_t value, std::string_view unit) {
    console.write((Line{} << "bench: " << name << " " << value << " " << unit << "\n").text());
}

void print_reason(const os::File& console, std::string_view name, std::string_view why) {
    console.write((Line{} << "bench: " << name << " - " << why << "\n").text());
}
