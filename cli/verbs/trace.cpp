// SPDX-License-Identifier: Apache-2.0
#include <csignal>

#include <fmt/format.h>

#include "cli/control/records.hpp"
#include "cli/control/terminal.hpp"
#include "cli/control/text.hpp"
#include "cli/control/trace_file.hpp"
#include "cli/verbs/system.hpp"
#include "cli/verbs/verbs.hpp"

namespace {

using control::Channel;
using Clock = std::chrono::steady_clock;

struct Options {
    System system;
    std::string machine;
    std::filesystem::path output = "trace.json";
    std::uint64_t seconds = 0;
};

/// Ctrl-C, or that the time is over. Otherwise how long to wait for these at most.
struct Enough {
    control::Signals* signals;
    std::optional<Clock::time_point> deadline;

    std::optional<Channel::Milliseconds> operator()() const {
        if (signals->take() != 0)
            return {};
        if (!deadline)
            return Channel::forever;
        const auto left = std::chrono::ceil<Channel::Milliseconds>(*deadline - Clock::now());
        return left.count() > 0 ? std::optional{left} : std::nullopt;
    }
};

/// What a trace yields, into the file, until the session ends or `enough` says so.
void record(Channel& channel, control::TraceFile& file, const std::string& machine, const Enough& enough) {
    bool closing = false;
    const auto add = [&](const control::TraceRecord& each) { file.add(each); };
    for (;;) {
        const std::optional<Channel::Milliseconds> left = closing ? answer_patience : enough();
        if (!left) {
            channel.close();
            closing = true;
            continue;
        }
        const int also[]{enough.signals->file()};
        const auto event = channel.next(*left, closing ? std::span<const int>{} : also);
        if (!event && closing)
            throw control::Failure{"the system does not answer any more: its manager is stuck: look at its console"};
        if (!event)
            continue;
        control::each_record<control::TraceRecord>(event->bytes, add);
        if (event->kind == control::FrameType::Lost)
            fmt::print(stderr, "sundew: {} records are missing\n", event->lost);
        if (event->kind != control::FrameType::End)
            continue;
        if (!(closing && event->status == control::Status::Closed) && event->status != control::Status::Gone)
            require_done(channel, control::Verb::Trace, machine, *event);
        return;
    }
}

int trace(const Options& options) {
    require_name(options.machine);
    Channel channel = options.system.open();
    control::TraceFile file{options.output, options.machine, channel.system().timebase_hertz};
    control::Signals signals{SIGINT, SIGTERM, SIGHUP};
    channel.begin(control::Verb::Trace, options.machine);
    Enough enough{&signals, {}};
    if (options.seconds != 0)
        enough.deadline = Clock::now() + std::chrono::seconds{options.seconds};
    else
        fmt::print(stderr, "tracing '{}'; Ctrl-C ends it\n", options.machine);
    try {
        record(channel, file, options.machine, enough);
    } catch (const control::Failure&) {
        file.finish(); // what came before is worth having
        throw;
    }
    file.finish();
    if (options.system.json)
        fmt::print("{{\"file\": {}, \"records\": {}}}\n", text::json(options.output.string()), file.records());
    else
        fmt::print("{}: {} records; open it at https://ui.perfetto.dev\n", options.output.string(), file.records());
    return 0;
}

}

void add_trace(CommandLine& line) {
    const auto options = std::make_shared<Options>();
    auto verb = line.verb("trace", "Record a machine's exits, interrupts and virtio events, for Perfetto.",
                          [options] { return trace(*options); });
    verb.word("machine", options->machine, "the machine's name")
        .option("-o,--output", options->output, "the file; trace.json unless said")
        .number("--seconds", options->seconds, 0, 86400, "how long; 0: until Ctrl-C");
    add_system_options(verb, options->system);
}
