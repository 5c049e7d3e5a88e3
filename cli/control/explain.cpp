// SPDX-License-Identifier: Apache-2.0
#include "cli/control/explain.hpp"

#include <fmt/format.h>

#include "cli/control/records.hpp"
#include "cli/control/text.hpp"
#include "cli/nearest.hpp"

namespace control {

namespace {

/// What to do about a machine that is in the wrong state for a verb.
std::string remedy(Verb verb, std::string_view machine, State state) {
    const bool on = state == State::Running || state == State::Paused || state == State::Stopping;
    if (verb == Verb::Start && state == State::Paused)
        return fmt::format("`sundew resume {}` lets it go on", machine);
    if (verb == Verb::Start && on)
        return fmt::format("`sundew restart {}` starts it anew", machine);
    if (verb == Verb::Remove)
        return fmt::format("`sundew stop {}` first, or `sundew rm --force {}`", machine, machine);
    if (verb == Verb::Pause && state == State::Paused)
        return fmt::format("`sundew resume {}` lets it go on", machine);
    if (verb == Verb::Resume && state == State::Running)
        return "only a paused machine can be resumed";
    if (!on && verb != Verb::Stop)
        return fmt::format("`sundew start {}` first", machine);
    return "`sundew ps` shows what state machines are in";
}

}

std::string explain(Verb verb, std::string_view machine, const Event& end) {
    const std::string who = machine.empty() ? "the system" : fmt::format("'{}'", machine);
    const std::string told = text::printable(end.text);
    const auto with = [&](const std::string& line) { return told.empty() ? line : fmt::format("{}: {}", line, told); };
    switch (end.status) {
    case Status::Done: return fmt::format("{}: done", who);
    case Status::NoSuchMachine: return fmt::format("there is no machine {}: `sundew ps` lists them", who);
    case Status::WrongState:
        return fmt::format("{} is {}: {}", who, state_name(static_cast<std::uint16_t>(end.detail)),
                           remedy(verb, machine, static_cast<State>(end.detail)));
    case Status::Busy:
        if (verb == Verb::Gdb || verb == Verb::Trace)
            return told.empty() ? fmt::format("someone {} {} already: --force takes that one's place",
                                              verb == Verb::Gdb ? "debugs" : "traces", who)
                                : fmt::format("{}: {}", who, told);
        return with(fmt::format("{} is busy with another command: try again when that is done", who));
    case Status::NotSupported: return with(fmt::format("{} cannot do this: its monitor is not made for it", who));
    case Status::BadRequest: return with("the system does not understand: use the tool that it was built with");
    case Status::NoMemory:
        return with(
            fmt::format("{}: not enough memory: stop or remove a machine, or `sundew run --memory` with more", who));
    case Status::BadBundle: return with("the system refuses the manifest");
    case Status::Exists:
        return with("there is such a machine already: `sundew rm` it, or give the new one another name");
    case Status::TooMany: return with("too many at once: end some");
    case Status::TimedOut:
        if (verb == Verb::Gdb || verb == Verb::Trace)
            return with(fmt::format("{} does not answer", who));
        return with(fmt::format("{} has not stopped in time: wait longer with --timeout, or end it with --force", who));
    case Status::Failed: return with(fmt::format("{} failed", who));
    case Status::Closed: return fmt::format("{}: closed", who);
    case Status::Gone: return with(fmt::format("{} is gone: it was removed, or the system goes off", who));
    }
    return with("the system answers what this tool does not understand: use the tool that it was built with");
}

std::string explain_missing(std::string_view machine, std::span<const std::string> names) {
    if (names.empty())
        return fmt::format("there is no machine '{}', nor any other: `sundew create` adds some", machine);
    return fmt::format("there is no machine '{}': did you mean '{}'?", machine,
                       text::printable(nearest(machine, names)));
}

}
