// SPDX-License-Identifier: Apache-2.0
#include "cli/verbs/system.hpp"
#include "cli/verbs/verbs.hpp"

void add_start(CommandLine& line) {
    struct Options {
        System system;
        std::string machine;
    };
    const auto options = std::make_shared<Options>();
    auto verb = line.verb("start", "Start a machine that is off, when those that it is to start after run.", [options] {
        return act_on(options->system, options->machine, {control::Verb::Start, "started"});
    });
    verb.word("machine", options->machine, "the machine's name");
    add_system_options(verb, options->system);
}
