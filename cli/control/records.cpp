// SPDX-License-Identifier: Apache-2.0
#include "cli/control/records.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "cli/control/text.hpp"

namespace control {

namespace {

template <std::size_t Size>
std::string word(const std::array<const char*, Size>& words, std::size_t number) {
    return number < Size ? words[number] : "unknown";
}

/// Numbers of a set of harts.
std::string hart_list(std::uint64_t harts, const char* between) {
    std::vector<int> numbers;
    for (int i = 0; i < 64; ++i)
        if (harts >> i & 1)
            numbers.push_back(i);
    return fmt::format("{}", fmt::join(numbers, between));
}

}

std::string state_name(std::uint16_t state) {
    static constexpr std::array words{"off", "waiting", "running", "paused", "stopping", "exited", "failed", "backoff"};
    static_assert(words.size() == last_state + 1);
    return word(words, state);
}

std::string policy_name(std::uint16_t policy) {
    static constexpr std::array words{"no", "on-failure", "always"};
    return word(words, policy);
}

std::string event_name(std::uint16_t kind) {
    static constexpr std::array words{"state", "create", "remove", "reboot", "unhealthy", "shutdown"};
    static_assert(words.size() == last_event + 1);
    return word(words, kind);
}

std::string exit_name(std::size_t kind) {
    static constexpr std::array words{"sbi",   "mmio",  "wait", "kick",  "page_fault",
                                      "other", "timer", "ipi",  "fence", "nucleus_wait"};
    static_assert(words.size() == exit_kinds);
    return word(words, kind);
}

std::string trace_name(std::uint8_t kind) {
    static constexpr std::array words{"exit", "interrupt", "virtio_notify", "virtio_completion", "lost"};
    static_assert(words.size() == last_trace + 1);
    return word(words, kind);
}

std::string json(const MachineRecord& machine) {
    const std::string harts = machine.harts == ~std::uint64_t{0} ? "null" : "[" + hart_list(machine.harts, ", ") + "]";
    return fmt::format(R"({{"name": {}, "state": "{}", "cpus": {}, "memory": {}, "priority": {}, "share": {}, )"
                       R"("harts": {}, "since_ns": {}, "restart": "{}", "restarts": {}, "exit_status": {}, )"
                       R"("reason": {}}})",
                       text::json(text_of(machine.name)), state_name(machine.state), machine.cpus, machine.memory,
                       machine.priority, machine.share, harts, machine.since_nanoseconds, policy_name(machine.policy),
                       machine.restarts, machine.exit_status, text::json(text_of(machine.reason)));
}

std::string json(const StatsRecord& stats) {
    std::string vcpus;
    const std::size_t count = std::min<std::size_t>(stats.cpus, vcpu_limit);
    for (const VcpuStats& vcpu : std::span{stats.vcpus}.first(count)) {
        std::string exits;
        for (std::size_t i = 0; i < exit_kinds; ++i)
            exits += fmt::format("{}\"{}\": {}", i == 0 ? "" : ", ", exit_name(i), vcpu.exits[i]);
        vcpus += fmt::format(R"({}{{"run_ns": {}, "interrupts": {}, "exits": {{{}}}}})", vcpus.empty() ? "" : ", ",
                             vcpu.run_nanoseconds, vcpu.interrupts, exits);
    }
    const DiskStats& disks = stats.disks;
    const std::string disk =
        fmt::format(R"({{"read": {}, "written": {}, "reads": {}, "writes": {}, "other_requests": {}}})", disks.read,
                    disks.written, disks.reads, disks.writes, disks.other_requests);
    return fmt::format(R"({{"name": {}, "time_ns": {}, "state": "{}", "memory": {}, "returned": {}, "reported": {}, )"
                       R"("overhead": {}, "disks": {}, "vcpus": [{}]}})",
                       text::json(text_of(stats.name)), stats.now_nanoseconds, state_name(stats.state), stats.memory,
                       stats.returned, stats.reported, stats.overhead, disk, vcpus);
}

std::string json(const EventRecord& event) {
    return fmt::format(R"({{"time_ns": {}, "event": "{}", "machine": {}, "state": "{}", "status": {}, "text": {}}})",
                       event.now_nanoseconds, event_name(event.kind), text::json(text_of(event.machine)),
                       state_name(event.state), event.status, text::json(text_of(event.text)));
}

std::vector<std::string> machine_heading() {
    return {"NAME", "STATE", "SINCE", "CPUS", "MEMORY", "HARTS", "RESTARTS", "REASON"};
}

std::vector<std::string> row(const MachineRecord& machine) {
    return {text::printable(text_of(machine.name)),
            state_name(machine.state),
            text::duration(machine.since_nanoseconds),
            fmt::format("{}", machine.cpus),
            text::size(machine.memory),
            machine.harts == ~std::uint64_t{0} ? "all" : hart_list(machine.harts, ","),
            fmt::format("{}", machine.restarts),
            text::printable(text_of(machine.reason))};
}

std::string line(const EventRecord& event) {
    std::string line = fmt::format("{}.{:06} {:<9}", event.now_nanoseconds / 1'000'000'000,
                                   event.now_nanoseconds / 1000 % 1'000'000, event_name(event.kind));
    if (const std::string machine = text_of(event.machine); !machine.empty())
        line += " " + text::printable(machine);
    if (event.kind == static_cast<std::uint16_t>(EventKind::State))
        line += " " + state_name(event.state);
    if (const std::string text = text_of(event.text); !text.empty())
        line += ": " + text::printable(text);
    return line;
}

std::string json(const TraceRecord& record) {
    const bool exit = static_cast<TraceKind>(record.kind) == TraceKind::Exit;
    return fmt::format(
        R"({{"ticks": {}, "duration": {}, "kind": "{}", "exit": {}, "vcpu": {}, "address": {}, "value": {}}})",
        record.begin_ticks, record.duration_ticks, trace_name(record.kind),
        exit ? text::json(exit_name(record.exit)) : "null", record.vcpu, record.address, record.value);
}

std::string line(const TraceRecord& record, std::uint64_t timebase_hertz) {
    const double hertz = static_cast<double>(std::max<std::uint64_t>(timebase_hertz, 1));
    const auto begin = [&](const std::string& who, const std::string& what) {
        return fmt::format("{:14.7f}  {:<7}  {:<17}", static_cast<double>(record.begin_ticks) / hertz, who, what);
    };
    const std::string vcpu = fmt::format("vCPU {}", record.vcpu);
    switch (static_cast<TraceKind>(record.kind)) {
    case TraceKind::Exit:
        return fmt::format("{}  {:8.1f} us  {} {:#x}  pc {:#x}", begin(vcpu, exit_name(record.exit)),
                           record.duration_ticks * 1e6 / hertz,
                           record.exit == static_cast<std::uint8_t>(ExitKind::Sbi) ? "extension" : "address",
                           record.address, record.value);
    case TraceKind::Interrupt: return fmt::format("{}  line {}", begin("devices", "interrupt"), record.value);
    case TraceKind::VirtioNotify:
        return fmt::format("{}  device {:#x} queue {}", begin(vcpu, "virtio notify"), record.address, record.value);
    case TraceKind::VirtioCompletion:
        return fmt::format("{}  device {:#x}", begin("devices", "virtio completion"), record.address);
    case TraceKind::Lost: return fmt::format("{}  {} records are missing here", begin(vcpu, "lost"), record.value);
    }
    return begin(vcpu, "unknown");
}

}
