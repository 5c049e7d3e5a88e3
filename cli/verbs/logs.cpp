// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "cli/control/text.hpp"
#include "cli/verbs/system.hpp"
#include "cli/verbs/verbs.hpp"

namespace {

int logs(const System& system, const std::string& named, bool follow) {
    control::Channel channel = system.open();
    const std::string machine = machine_of(channel, named);
    channel.begin(control::Verb::Logs, machine, follow ? control::flag::follow : std::uint16_t{0});
    for (;;) {
        const auto event = channel.next(follow ? control::Channel::forever : answer_patience);
        if (!event)
            throw control::Failure{"the system does not answer any more: its manager is stuck: look at its console"};
        const std::string_view bytes{reinterpret_cast<const char*>(event->bytes.data()), event->bytes.size()};
        if (event->kind == control::FrameType::Lost)
            fmt::print(stderr, "sundew: {} bytes are missing here\n", event->lost);
        else if (system.json && !bytes.empty())
            fmt::print("{{\"machine\": {}, \"text\": {}}}\n", text::json(machine), text::json(bytes));
        else
            std::fwrite(bytes.data(), 1, bytes.size(), stdout);
        std::fflush(stdout);
        if (event->kind == control::FrameType::End) {
            if (!follow || event->status != control::Status::Gone)
                require_done(channel, control::Verb::Logs, machine, *event);
            return 0;
        }
    }
}

}

void add_logs(CommandLine& line) {
    struct Options {
        System system;
        std::string machine;
        bool follow = false;
    };
    const auto options = std::make_shared<Options>();
    auto verb = line.verb("logs", "Show what a machine's console has said: the last 64 KiB of it.",
                          [options] { return logs(options->system, options->machine, options->follow); });
    add_machine(verb, options->machine).flag("-f,--follow", options->follow, "go on as it says more; Ctrl-C ends it");
    add_system_options(verb, options->system);
}
