// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "cli/control/records.hpp"
#include "cli/control/text.hpp"
#include "cli/verbs/system.hpp"
#include "cli/verbs/verbs.hpp"

namespace {

int ps(const System& system, bool quiet) {
    control::Channel channel = system.open();
    const auto machines = list(channel);
    std::vector<std::vector<std::string>> rows{control::machine_heading()};
    std::string array;
    for (const control::MachineRecord& machine : machines) {
        rows.push_back(control::row(machine));
        array += fmt::format("{}\n  {}", array.empty() ? "" : ",", control::json(machine));
        if (quiet)
            fmt::print("{}\n", rows.back()[0]);
    }
    if (!quiet)
        fmt::print("{}", system.json ? fmt::format("[{}\n]\n", array) : text::table(rows));
    return 0;
}

}

void add_ps(CommandLine& line) {
    struct Options {
        System system;
        bool quiet = false;
    };
    const auto options = std::make_shared<Options>();
    auto verb = line.verb("ps", "List the machines of a running system.",
                          [options] { return ps(options->system, options->quiet); });
    verb.flag("-q,--quiet", options->quiet, "only their names");
    add_system_options(verb, options->system);
}
