// SPDX-License-Identifier: Apache-2.0
#include "cli/verbs/system.hpp"
#include "cli/verbs/verbs.hpp"

void add_pause(CommandLine& line) {
    struct Options {
        System system;
        std::string machine;
    };
    const auto options = std::make_shared<Options>();
    auto verb = line.verb("pause", "Stop the time of a machine, until it is resumed.", [options] {
        return act_on(options->system, options->machine, {control::Verb::Pause, "paused"});
    });
    verb.word("machine", options->machine, "the machine's name");
    add_system_options(verb, options->system);
}
