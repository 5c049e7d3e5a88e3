// SPDX-License-Identifier: Apache-2.0
#include "cli/verbs/system.hpp"
#include "cli/verbs/verbs.hpp"

void add_resume(CommandLine& line) {
    struct Options {
        System system;
        std::string machine;
    };
    const auto options = std::make_shared<Options>();
    auto verb = line.verb("resume", "Let a paused machine go on.", [options] {
        return act_on(options->system, options->machine, {control::Verb::Resume, "resumed"});
    });
    verb.word("machine", options->machine, "the machine's name");
    add_system_options(verb, options->system);
}
