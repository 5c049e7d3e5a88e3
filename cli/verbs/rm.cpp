// SPDX-License-Identifier: Apache-2.0
#include "cli/verbs/system.hpp"
#include "cli/verbs/verbs.hpp"

void add_rm(CommandLine& line) {
    struct Options {
        System system;
        std::string machine;
        bool force = false;
    };
    const auto options = std::make_shared<Options>();
    auto verb = line.verb("rm", "Remove a machine that is off from the system; what it had is free again.", [options] {
        return act_on(options->system, options->machine,
                      {control::Verb::Remove, "removed", options->force ? control::flag::force : std::uint16_t{0}});
    });
    verb.word("machine", options->machine, "the machine's name")
        .flag("--force", options->force, "also one that is on: end it");
    add_system_options(verb, options->system);
}
