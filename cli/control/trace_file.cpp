// SPDX-License-Identifier: Apache-2.0
#include "cli/control/trace_file.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cli/control/failure.hpp"
#include "cli/control/records.hpp"
#include "cli/control/text.hpp"

namespace control {

namespace {

constexpr std::size_t devices_thread = vcpu_limit; // behind those of vCPUs

}

TraceFile::TraceFile(const std::filesystem::path& file, const std::string& machine, std::uint64_t timebase_hertz)
    : path_{file}, stream_{file},
      microseconds_per_tick_{1e6 / static_cast<double>(std::max<std::uint64_t>(timebase_hertz, 1))} {
    stream_ << fmt::format(R"([{{"ph": "M", "pid": 1, "name": "process_name", "args": {{"name": {}}}}})",
                           text::json(machine));
    for (std::size_t i = 0; i <= devices_thread; ++i)
        stream_ << fmt::format(
            R"(,{}{{"ph": "M", "pid": 1, "tid": {}, "name": "thread_name", "args": {{"name": "{}"}}}})", '\n', i,
            i == devices_thread ? "devices" : fmt::format("vCPU {}", i));
    if (!stream_.flush())
        throw Failure{fmt::format("{}: cannot be written: name another file with -o", file.string())};
}

void TraceFile::event(const TraceRecord& record, std::size_t thread, const char* phase, const std::string& name,
                      const std::string& more) {
    const double begin = static_cast<double>(record.begin_ticks); // since power-on: Perfetto takes no negative times
    stream_ << fmt::format(R"(,{}{{"ph": "{}", "pid": 1, "tid": {}, "ts": {:.3f}, "name": "{}"{}}})", '\n', phase,
                           thread, begin * microseconds_per_tick_, name, more);
}

void TraceFile::add(const TraceRecord& record) {
    const auto instant = [&](const char* name, std::size_t thread) {
        event(record, thread, "i", name,
              fmt::format(R"(, "s": "t", "args": {{"address": "{:#x}", "value": {}}})", record.address, record.value));
    };
    switch (static_cast<TraceKind>(record.kind)) {
    case TraceKind::Exit:
        return event(record, record.vcpu, "X", exit_name(record.exit),
                     fmt::format(R"(, "dur": {:.3f}, "args": {{"address": "{:#x}", "pc": "{:#x}"}})",
                                 record.duration_ticks * microseconds_per_tick_, record.address, record.value));
    case TraceKind::Interrupt: return instant("interrupt", devices_thread);
    case TraceKind::VirtioNotify: return instant("virtio notify", record.vcpu);
    case TraceKind::VirtioCompletion: return instant("virtio completion", devices_thread);
    case TraceKind::Lost: return instant("records lost", record.vcpu);
    }
    instant("unknown", record.vcpu);
}

void TraceFile::finish() {
    stream_ << "\n]\n";
    if (!stream_.flush())
        throw Failure{
            fmt::format("{}: cannot be written to its end: make room, or name another file with -o", path_.string())};
}

}
