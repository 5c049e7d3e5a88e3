// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <csignal>

#include <fmt/format.h>
#include <unistd.h>

#include "cli/control/records.hpp"
#include "cli/control/terminal.hpp"
#include "cli/control/text.hpp"
#include "cli/control/top_table.hpp"
#include "cli/verbs/system.hpp"
#include "cli/verbs/verbs.hpp"

namespace {

using control::Channel;

struct Options {
    System system;
    std::string machine;
    std::uint64_t seconds = 2, rounds = 0;
};

/// Whether someone wants to leave: q, Ctrl-C, or a signal.
bool leaves(control::Signals& signals, bool keys) {
    constexpr std::string_view leaving = "qQ\x03";
    std::array<char, 64> typed;
    bool leave = signals.take() != 0;
    if (const ssize_t bytes = keys ? read(STDIN_FILENO, typed.data(), typed.size()) : 0; bytes > 0)
        leave |= std::string_view{typed.data(), static_cast<std::size_t>(bytes)}.find_first_of(leaving) !=
                 std::string_view::npos;
    return leave;
}

void draw(const Channel& channel, const control::TopTable& table, bool screen) {
    constexpr const char* home_and_clear = "\x1b[H\x1b[2J";
    const control::Hello& host = channel.system();
    fmt::print("{}{} harts, {} of RAM; per second; q leaves\n\n{}", screen ? home_and_clear : "", host.harts,
               text::size(host.memory), table.text());
    std::fflush(stdout);
}

int top(const Options& options) {
    using Clock = std::chrono::steady_clock;
    if (!options.machine.empty())
        require_name(options.machine);
    Channel channel = options.system.open();
    control::Signals signals{SIGINT, SIGTERM, SIGHUP};
    const bool screen = isatty(STDOUT_FILENO) != 0 && !options.system.json;
    const bool keys = screen && isatty(STDIN_FILENO) != 0;
    const control::RawTerminal terminal{keys ? STDIN_FILENO : -1};
    const Channel::Milliseconds interval{options.seconds * 1000};
    channel.begin(control::Verb::Stats, options.machine, control::flag::follow, options.seconds * 1000);
    control::TopTable table;
    std::uint64_t rounds = 0;
    auto due = Clock::now() + interval / 2; // between two of the system's rounds
    for (;;) {
        const std::array files{signals.file(), STDIN_FILENO};
        const auto left =
            std::max(Channel::Milliseconds{0}, std::chrono::ceil<Channel::Milliseconds>(due - Clock::now()));
        const auto event = channel.next(left, std::span{files}.first(keys ? 2 : 1));
        if (event && event->kind == control::FrameType::End) {
            if (event->status != control::Status::Gone)
                require_done(channel, control::Verb::Stats, options.machine, *event);
            return 0;
        }
        if (event)
            control::each_record<control::StatsRecord>(event->bytes, [&](const control::StatsRecord& record) {
                table.add(record);
                if (options.system.json)
                    fmt::print("{}\n", control::json(record));
            });
        else if (left.count() > 0 && leaves(signals, keys))
            return 0;
        if (Clock::now() < due)
            continue;
        due += interval;
        if (!options.system.json)
            draw(channel, table, screen);
        std::fflush(stdout);
        if (++rounds == options.rounds)
            return 0;
    }
}

}

void add_top(CommandLine& line) {
    const auto options = std::make_shared<Options>();
    auto verb = line.verb("top", "Show what machines do, as they do it: time, exits by kind, memory. q leaves.",
                          [options] { return top(*options); });
    verb.word("machine", options->machine, "only this machine", false)
        .number("--interval", options->seconds, 1, 3600, "seconds between two looks")
        .number("-n,--rounds", options->rounds, 0, 1'000'000, "how often; 0: until q");
    add_system_options(verb, options->system);
}
