// SPDX-License-Identifier: Apache-2.0
#include "cli/verbs/system.hpp"
#include "cli/verbs/verbs.hpp"

void add_stop(CommandLine& line) {
    struct Options {
        System system;
        std::string machine;
        std::uint64_t seconds = 30;
        bool force = false;
    };
    const auto options = std::make_shared<Options>();
    auto verb = line.verb("stop", "Ask a machine's guest to power itself off, and wait until it has.", [options] {
        return act_on(options->system, options->machine,
                      {control::Verb::Stop, "stopped", options->force ? control::flag::force : std::uint16_t{0},
                       options->seconds * 1000});
    });
    verb.word("machine", options->machine, "the machine's name")
        .flag("--force", options->force, "end it when the time is over; with --timeout 0, at once")
        .number("--timeout", options->seconds, 0, 86400, "seconds that its guest may take to power itself off");
    add_system_options(verb, options->system);
}
