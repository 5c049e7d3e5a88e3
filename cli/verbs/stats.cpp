// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "cli/control/records.hpp"
#include "cli/control/text.hpp"
#include "cli/verbs/system.hpp"
#include "cli/verbs/verbs.hpp"

namespace {

std::string for_people(const control::StatsRecord& stats) {
    std::string out =
        fmt::format("{}: {}\n", text::printable(control::text_of(stats.name)), control::state_name(stats.state));
    const auto row = [&](const char* what, const std::string& value) {
        out += fmt::format("  {:<24}{}\n", what, value);
    };
    row("memory", text::size(stats.memory));
    row("of it given back", text::size(stats.returned));
    row("told to be free", text::size(stats.reported));
    row("taken beside it", text::size(stats.overhead));
    const control::DiskStats& disks = stats.disks;
    row("disks: read", fmt::format("{} in {} requests", text::size(disks.read), disks.reads));
    row("disks: written", fmt::format("{} in {} requests", text::size(disks.written), disks.writes));
    row("disks: other requests", fmt::format("{}", disks.other_requests));
    const std::size_t count = std::min<std::size_t>(stats.cpus, control::vcpu_limit);
    for (std::size_t i = 0; i < count; ++i) {
        const control::VcpuStats& vcpu = stats.vcpus[i];
        row(fmt::format("vCPU {}: time", i).c_str(),
            fmt::format("{:.3f} s", static_cast<double>(vcpu.run_nanoseconds) / 1e9));
        row(fmt::format("vCPU {}: interrupts", i).c_str(), fmt::format("{}", vcpu.interrupts));
        for (std::size_t kind = 0; kind < control::exit_kinds; ++kind)
            if (vcpu.exits[kind] != 0)
                row(fmt::format("vCPU {}: {}", i, control::exit_name(kind)).c_str(),
                    fmt::format("{}", vcpu.exits[kind]));
    }
    return out;
}

int stats(const System& system, const std::string& named) {
    control::Channel channel = system.open();
    const std::string machine = machine_of(channel, named);
    channel.begin(control::Verb::Stats, machine);
    bool any = false;
    for (;;) {
        const auto event = channel.next(answer_patience);
        if (!event)
            throw control::Failure{"the system does not answer any more: its manager is stuck: look at its console"};
        control::each_record<control::StatsRecord>(event->bytes, [&](const control::StatsRecord& record) {
            any = true;
            fmt::print("{}", system.json ? control::json(record) + "\n" : for_people(record));
        });
        if (event->kind != control::FrameType::End)
            continue;
        require_done(channel, control::Verb::Stats, machine, *event);
        if (!any)
            throw control::Failure{
                fmt::format("the system says nothing of '{}': use the tool that it was built with", machine)};
        return 0;
    }
}

}

void add_stats(CommandLine& line) {
    struct Options {
        System system;
        std::string machine;
    };
    const auto options = std::make_shared<Options>();
    auto verb = line.verb("stats", "Count what a machine has done: time, exits by kind, memory, disks.",
                          [options] { return stats(options->system, options->machine); });
    add_machine(verb, options->machine);
    add_system_options(verb, options->system);
}
