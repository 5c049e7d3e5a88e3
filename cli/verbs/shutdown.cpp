// SPDX-License-Identifier: Apache-2.0
#include <csignal>

#include <fmt/format.h>

#include "cli/control/systems.hpp"
#include "cli/verbs/system.hpp"
#include "cli/verbs/verbs.hpp"

namespace {

int shut_down(const System& system, std::uint64_t seconds, bool force) {
    const auto flags = force ? control::flag::force : std::uint16_t{0};
    try {
        return act_on(system, {}, {control::Verb::Shutdown, "shut down", flags, seconds * 1000});
    } catch (const control::Failure&) {
        const int process = force ? systems::process(systems::at(system.socket())) : 0;
        if (process == 0 || kill(process, SIGTERM) != 0)
            throw;
    }
    fmt::print(stderr, "sundew: the system does not shut itself down: its QEMU was ended\n");
    return 0;
}

}

void add_shutdown(CommandLine& line) {
    struct Options {
        System system;
        std::uint64_t seconds = 60;
        bool force = false;
    };
    const auto options = std::make_shared<Options>();
    auto verb = line.verb("shutdown", "Stop all machines, and power the system off.",
                          [options] { return shut_down(options->system, options->seconds, options->force); });
    verb.flag("--force", options->force, "end what has not ended when the time is over, QEMU too")
        .number("--timeout", options->seconds, 0, 86400, "seconds that guests may take to power themselves off");
    add_system_options(verb, options->system);
}
