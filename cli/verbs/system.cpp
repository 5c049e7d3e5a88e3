// SPDX-License-Identifier: Apache-2.0
#include "cli/verbs/system.hpp"

#include <cstdlib>
#include <cstring>

#include <fmt/format.h>
#include <unistd.h>

#include "cli/control/explain.hpp"
#include "cli/control/records.hpp"
#include "cli/control/systems.hpp"
#include "cli/control/text.hpp"

using control::Channel;
using control::Failure;

std::filesystem::path System::socket() const {
    if (!control.empty())
        return control;
    if (const char* given = std::getenv("SUNDEW_CONTROL"); given && *given && name.empty())
        return given;
    const std::vector<std::string> all = systems::running();
    if (all.empty())
        throw Failure{"no system runs: start one with `sundew run`"};
    if (name.empty() && all.size() > 1)
        throw Failure{fmt::format("several systems run: name one with --system: {}", fmt::join(all, ", "))};
    if (!name.empty() && std::ranges::count(all, name) == 0)
        throw Failure{fmt::format("no system '{}' runs: these do: {}", name, fmt::join(all, ", "))};
    return systems::named(name.empty() ? all[0] : name).control;
}

Channel System::open() const {
    constexpr Channel::Milliseconds patience{10'000};
    const std::filesystem::path path = socket();
    File file = control::connect_to(path);
    if (!file) // its broker may have been killed; then QEMU itself takes one connection
        file = control::connect_to(systems::at(path).qemu);
    if (!file)
        throw Failure{fmt::format("{}: no system listens there: start one with `sundew run --control {}`",
                                  path.string(), path.string())};
    return Channel{std::move(file), patience};
}

void add_system_options(VerbOptions& verb, System& system, bool json) {
    verb.option("--system", system.name, "which of the systems that run; unless said, the only one")
        .option("--control", system.control, "the system's control socket, instead of its name; or $SUNDEW_CONTROL");
    if (json)
        verb.flag("--json", system.json, "as JSON");
}

void require_name(const std::string& machine) {
    if (!control::valid_name(machine))
        throw Failure{fmt::format("'{}' is no machine's name: these are 1 to 31 of a-z, 0-9 and -: see `sundew ps`",
                                  text::printable(machine))};
}

std::vector<control::MachineRecord> list(Channel& channel) {
    constexpr std::size_t most = 4096;
    std::vector<control::MachineRecord> machines;
    channel.begin(control::Verb::List);
    for (;;) {
        const auto event = channel.next(answer_patience);
        if (!event)
            throw Failure{"the system does not answer any more: its manager is stuck: look at its console"};
        if (event->kind == control::FrameType::End) {
            if (event->status != control::Status::Done)
                throw Failure{control::explain(control::Verb::List, {}, *event)};
            return machines;
        }
        control::each_record<control::MachineRecord>(event->bytes,
                                                     [&](const auto& machine) { machines.push_back(machine); });
        if (machines.size() > most)
            throw Failure{"the system lists machines without end: its manager is broken: restart it with `sundew run`"};
    }
}

std::vector<std::string> names(Channel& channel) {
    std::vector<std::string> found;
    for (const control::MachineRecord& machine : list(channel))
        found.push_back(control::text_of(machine.name));
    return found;
}

std::string machine_of(Channel& channel, const std::string& named) {
    if (!named.empty()) {
        require_name(named);
        return named;
    }
    const std::vector<std::string> all = names(channel);
    if (all.empty())
        throw Failure{"the system has no machine: add one with `sundew create`"};
    if (all.size() > 1)
        throw Failure{fmt::format("the system has several machines: name one: {}",
                                  text::printable(fmt::format("{}", fmt::join(all, ", "))))};
    require_name(all[0]);
    return all[0];
}

VerbOptions& add_machine(VerbOptions& verb, std::string& machine) {
    return verb.word("machine", machine, "the machine's name; unless said, the only one", false);
}

void require_done(Channel& channel, control::Verb verb, const std::string& machine, const control::Event& end) {
    if (end.status == control::Status::NoSuchMachine)
        throw Failure{control::explain_missing(machine, names(channel))};
    if (end.status != control::Status::Done)
        throw Failure{control::explain(verb, machine, end)};
}

void open_watch(Channel& channel, control::Verb verb, const std::string& machine, bool force) {
    constexpr Channel::Milliseconds patience{10'000};
    channel.begin(verb, machine, force ? control::flag::force : std::uint16_t{0});
    const auto event = channel.next(patience);
    if (!event)
        throw Failure{fmt::format("the monitor of '{}' does not answer: it is not made for this, or stuck", machine)};
    if (event->kind == control::FrameType::Opened)
        return;
    if (event->kind == control::FrameType::End)
        require_done(channel, verb, machine, *event);
    throw Failure{fmt::format("'{}' has ended", machine)};
}

int act_on(const System& system, const std::string& machine, const Act& act) {
    if (act.verb != control::Verb::Shutdown)
        require_name(machine);
    Channel channel = system.open();
    channel.begin(act.verb, machine, act.flags, act.milliseconds);
    // The system itself waits so long; what comes on top is for the answer.
    const auto end = channel.end(answer_patience + Channel::Milliseconds{act.milliseconds});
    require_done(channel, act.verb, machine, end);
    if (system.json)
        fmt::print("{{\"machine\": {}, \"done\": \"{}\"}}\n", machine.empty() ? "null" : text::json(machine), act.done);
    else
        fmt::print("{}: {}\n", machine.empty() ? "system" : machine, act.done);
    return 0;
}
