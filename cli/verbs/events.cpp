// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "cli/control/explain.hpp"
#include "cli/control/records.hpp"
#include "cli/verbs/system.hpp"
#include "cli/verbs/verbs.hpp"

namespace {

int events(const System& system) {
    control::Channel channel = system.open();
    channel.begin(control::Verb::Events);
    for (;;) {
        const control::Event event = channel.next();
        if (event.kind == control::FrameType::End) {
            if (event.status != control::Status::Gone) // the system goes off: that is how this ends well
                require_done(channel, control::Verb::Events, {}, event);
            return 0;
        }
        if (event.kind == control::FrameType::Lost)
            fmt::print(stderr, "sundew: {} events are missing here\n", event.lost);
        control::each_record<control::EventRecord>(event.bytes, [&](const control::EventRecord& record) {
            fmt::print("{}\n", system.json ? control::json(record) : control::line(record));
        });
        std::fflush(stdout);
    }
}

}

void add_events(CommandLine& line) {
    const auto system = std::make_shared<System>();
    auto verb = line.verb("events", "Tell what happens to machines, as it happens; Ctrl-C ends it.",
                          [system] { return events(*system); });
    add_system_options(verb, *system);
}
