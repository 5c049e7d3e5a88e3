// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <optional>

#include <fmt/format.h>

#include "cli/control/records.hpp"
#include "cli/control/terminal.hpp"
#include "cli/control/text.hpp"
#include "cli/control/trace_file.hpp"
#include "cli/verbs/system.hpp"
#include "cli/verbs/verbs.hpp"

namespace {

using control::Channel;
using control::TraceKind;
using Clock = std::chrono::steady_clock;

struct Options {
    System system;
    std::string machine;
    std::filesystem::path output;
    std::uint64_t seconds = 0;
    bool force = false;
};

/// Where records go, and how many there were.
class Sink {
  public:
    Sink(const Options& options, std::uint64_t timebase_hertz) : json_{options.system.json}, hertz_{timebase_hertz} {
        if (!options.output.empty())
            file_.emplace(options.output, options.machine, timebase_hertz);
    }
    void take(const control::Event& event) {
        control::each_record<control::TraceRecord>(event.bytes, [&](const auto& record) { add(record); });
        if (event.kind == control::FrameType::Lost) // on the way here
            add({last_ticks_, 0, static_cast<std::uint8_t>(TraceKind::Lost), 0, 0, 0, 0, event.lost});
        if (!file_)
            std::fflush(stdout);
    }
    void finish() {
        if (file_)
            file_->finish();
    }
    std::uint64_t records() const { return records_; }
    std::uint64_t lost() const { return lost_; }

  private:
    void add(const control::TraceRecord& record) {
        if (static_cast<TraceKind>(record.kind) == TraceKind::Lost)
            lost_ += record.value;
        else
            ++records_;
        last_ticks_ = record.begin_ticks;
        if (file_)
            file_->add(record);
        else
            fmt::print("{}\n", json_ ? control::json(record) : control::line(record, hertz_));
    }

    bool json_;
    std::uint64_t hertz_, last_ticks_ = 0, records_ = 0, lost_ = 0;
    std::optional<control::TraceFile> file_;
};

/// What a trace yields, until the session ends, Ctrl-C, or the time is over.
void record(Channel& channel, Sink& sink, const Options& options, control::Signals& signals) {
    std::optional<Clock::time_point> deadline;
    if (options.seconds != 0)
        deadline = Clock::now() + std::chrono::seconds{options.seconds};
    bool closing = false;
    const int also[]{signals.file()};
    for (;;) {
        if (!closing && (signals.take() != 0 || (deadline && Clock::now() >= *deadline))) {
            channel.close();
            closing = true;
        }
        const auto left = closing     ? answer_patience
                          : !deadline ? Channel::forever
                                      : std::chrono::ceil<Channel::Milliseconds>(*deadline - Clock::now());
        const auto event = channel.next(left, std::span{also}.first(closing ? 0 : 1));
        if (!event && closing)
            throw control::Failure{"the system does not answer any more: its manager is stuck: look at its console"};
        if (!event)
            continue;
        sink.take(*event);
        if (event->kind != control::FrameType::End)
            continue;
        if (!(closing && event->status == control::Status::Closed) && event->status != control::Status::Gone)
            require_done(channel, control::Verb::Trace, options.machine, *event);
        return;
    }
}

int trace(Options options) {
    Channel channel = options.system.open();
    options.machine = machine_of(channel, options.machine);
    Sink sink{options, channel.system().timebase_hertz};
    open_watch(channel, control::Verb::Trace, options.machine, options.force);
    control::Signals signals{SIGINT, SIGTERM, SIGHUP};
    if (options.seconds == 0)
        fmt::print(stderr, "tracing '{}'; Ctrl-C ends it\n", options.machine);
    try {
        record(channel, sink, options, signals);
    } catch (const control::Failure&) {
        sink.finish(); // what came before is worth having
        throw;
    }
    sink.finish();
    if (options.output.empty())
        fmt::print(stderr, "{} records, {} lost\n", sink.records(), sink.lost());
    else if (options.system.json)
        fmt::print("{{\"file\": {}, \"records\": {}, \"lost\": {}}}\n", text::json(options.output.string()),
                   sink.records(), sink.lost());
    else
        fmt::print("{}: {} records, {} lost; open it at https://ui.perfetto.dev\n", options.output.string(),
                   sink.records(), sink.lost());
    return 0;
}

}

void add_trace(CommandLine& line) {
    const auto options = std::make_shared<Options>();
    auto verb = line.verb("trace", "Show a machine's exits, interrupts and virtio events as they happen.",
                          [options] { return trace(*options); });
    add_machine(verb, options->machine)
        .option("-o,--output", options->output, "write them to this file, for Perfetto or chrome://tracing")
        .number("--for", options->seconds, 0, 86400, "how many seconds; 0: until Ctrl-C")
        .flag("--force", options->force, "in place of who traces the machine already");
    add_system_options(verb, options->system);
}
