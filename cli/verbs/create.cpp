// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include "cli/bundle.hpp"
#include "cli/control/text.hpp"
#include "cli/project.hpp"
#include "cli/verbs/system.hpp"
#include "cli/verbs/verbs.hpp"

namespace {

using control::Channel;

/// Sends a bundle as the system takes it; the session's End.
control::Event send(Channel& channel, std::span<const std::byte> bundle) {
    const bool progress = isatty(STDERR_FILENO) != 0;
    const std::size_t all = bundle.size();
    while (!bundle.empty()) {
        if (const std::size_t piece = std::min(channel.credit(), bundle.size()); piece != 0) {
            channel.send(bundle.first(piece));
            bundle = bundle.subspan(piece);
            if (progress)
                fmt::print(stderr, "\rsending: {}%", 100 - bundle.size() * 100 / all);
        }
        // Waits for credit only where there is none.
        const auto patience = channel.credit() == 0 ? answer_patience : Channel::Milliseconds{0};
        const auto event = channel.step(patience);
        if (event && event->kind == control::FrameType::End) {
            if (progress)
                fmt::print(stderr, "\n");
            return *event;
        }
        if (!event && channel.credit() == 0)
            throw control::Failure{"the system takes no more of the bundle: its manager is stuck: look at its console"};
    }
    if (progress)
        fmt::print(stderr, "\n");
    return channel.end(answer_patience);
}

int create(const System& system, const std::filesystem::path& file) {
    Channel channel = system.open();
    const auto manifest = read_manifest(file, true, names(channel));
    if (!manifest)
        return failed;
    for (const manifest::Machine& machine : manifest->machines)
        for (const manifest::Disk& disk : machine.disks)
            if (!disk.ram)
                throw control::Failure{fmt::format("{}: machine '{}': '{}': a running system gets no more devices: say "
                                                   "ram = true, or start it with `sundew run`",
                                                   file.string(), machine.name, disk.file.string())};
    const std::vector<char> bundle = bundle::make(*manifest);
    channel.begin(control::Verb::Create, {}, 0, bundle.size());
    require_done(channel, control::Verb::Create, {}, send(channel, std::as_bytes(std::span{bundle})));
    std::vector<std::string> quoted;
    for (const manifest::Machine& machine : manifest->machines) {
        quoted.push_back(text::json(machine.name));
        if (!system.json)
            fmt::print("{}: created\n", machine.name);
    }
    if (system.json)
        fmt::print("{{\"machines\": [{}], \"done\": \"created\"}}\n", fmt::join(quoted, ", "));
    return 0;
}

}

void add_create(CommandLine& line) {
    struct Options {
        System system;
        std::filesystem::path file;
    };
    const auto options = std::make_shared<Options>();
    auto verb = line.verb("create", "Add a manifest's machines to a running system, with all that they need.",
                          [options] { return create(options->system, options->file); });
    verb.option("-f,--file", options->file, "the manifest, a TOML file", true);
    add_system_options(verb, options->system);
}
