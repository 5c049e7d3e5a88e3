// SPDX-License-Identifier: Apache-2.0
// The verbs that change the state of one machine.
#include "cli/verbs/system.hpp"
#include "cli/verbs/verbs.hpp"

namespace {

struct Change {
    const char *name, *description;
    control::Verb verb;
    const char* done;            ///< what it is afterwards
    const char* force = nullptr; ///< what --force does; null: there is no such flag
    bool waits = false;          ///< for the guest, so that there is a --timeout
};

void add(CommandLine& line, const Change& change) {
    struct Options {
        System system;
        std::string machine;
        std::uint64_t seconds = 30;
        bool force = false;
    };
    const auto options = std::make_shared<Options>();
    auto verb = line.verb(change.name, change.description, [options, change] {
        return act_on(options->system, options->machine,
                      {change.verb, change.done, options->force ? control::flag::force : std::uint16_t{0},
                       change.waits ? options->seconds * 1000 : 0});
    });
    verb.word("machine", options->machine, "the machine's name");
    if (change.force)
        verb.flag("--force", options->force, change.force);
    if (change.waits)
        verb.number("--timeout", options->seconds, 0, 86400, "seconds that its guest may take to power itself off");
    add_system_options(verb, options->system);
}

constexpr const char* force_in_time = "end it when the time is over; with --timeout 0, at once";

}

void add_start(CommandLine& line) {
    add(line, {"start", "Start a machine that is off, when those that it is to start after run.", control::Verb::Start,
               "started"});
}
void add_stop(CommandLine& line) {
    add(line, {"stop", "Ask a machine's guest to power itself off, and wait until it has.", control::Verb::Stop,
               "stopped", force_in_time, true});
}
void add_restart(CommandLine& line) {
    add(line, {"restart", "Stop a machine, if it is on, and start it.", control::Verb::Restart, "restarted",
               force_in_time, true});
}
void add_pause(CommandLine& line) {
    add(line, {"pause", "Stop the time of a machine, until it is resumed.", control::Verb::Pause, "paused"});
}
void add_resume(CommandLine& line) {
    add(line, {"resume", "Let a paused machine go on.", control::Verb::Resume, "resumed"});
}
void add_rm(CommandLine& line) {
    add(line, {"rm", "Remove a machine that is off from the system; what it had is free again.", control::Verb::Remove,
               "removed", "also one that is on: end it"});
}
