// SPDX-License-Identifier: Apache-2.0
// How others watch a machine: a debugger and a trace, over the debug channel.
#include "base/page.hpp"
#include "monitors/machine/machine.hpp"
#include "sdk/must.hpp"
#include "sdk/startup.hpp"

namespace machine {

using sdk::channel_bits::debug;

void Machine::open_watching() {
    const sdk::Startup::Channel& granted = sdk::startup().debug_channel;
    if (granted.memory == 0)
        return;
    watch_memory_ =
        sdk::must(sdk::Mapping::create(granted.memory, 0, pages_for(sdk::debug_shape.bytes())), "the debug channel");
    sdk::Channel channel{watch_memory_.bytes(), sdk::debug_shape, sdk::Channel::Side::First, [] {
                             const auto& service = sdk::startup().debug_channel;
                             (void)sdk::call(abi::Call::EventSignal, service.event, service.bits);
                         }};
    watch_.emplace(std::move(channel), static_cast<WatchChannel::Listener&>(*this));
    debugger_.emplace(*this, [this](std::span<const std::byte> bytes) { watch_->send(bytes); });
    event_.signal(debug); // something may have come before
}

/// Passes on what the debugger has sent, harts that have come to rest, and what has been recorded.
void Machine::serve_watchers(std::uint64_t signals) {
    if (power_ != Power::On) {
        release_all();
    } else if (watch_) {
        if ((signals & debug) != 0)
            watch_->poll();
        if ((signals & debug) != 0 && watch_->arm())
            event_.signal(debug);
        if ((signals & rest_bit) != 0)
            debugger_->poll();
    }
    if (trace_.on())
        (void)pass_on_trace();
}

/// The machine begins anew: what watchers have sent meanwhile has waited.
void Machine::restart_watching() {
    if (!watch_)
        return;
    debugger_->restarted();
    event_.signal(debug);
}

bool Machine::begin_trace() {
    if (!trace_.begin(vcpu_count(), event_, trace_bit))
        return false;
    lines_.trace_into(trace_.of_devices());
    for (unsigned hart = 0; hart < vcpu_count(); ++hart)
        harts_[hart]->trace_into(trace_.of_hart(hart));
    return true;
}

void Machine::end_trace() {
    trace_.end();
    lines_.trace_into(nullptr);
    for (const auto& hart : harts_)
        hart->trace_into(nullptr);
}

/// Whether that is all: for the rest there is no room yet.
bool Machine::pass_on_trace() {
    std::array<control::TraceRecord, 64> records;
    while (const std::size_t room = watch_->record_room()) {
        const std::size_t count = trace_.take(std::span{records}.first(std::min(room, records.size())));
        if (count == 0)
            return true;
        watch_->send(std::span<const control::TraceRecord>{records}.first(count));
    }
    return false;
}

/// What was recorded last, with a second for whoever is to take it.
void Machine::finish_trace() {
    if (!trace_.on())
        return;
    const std::uint64_t deadline = sdk::now() + sdk::system_info(abi::SystemFact::TimebaseHertz);
    while (!pass_on_trace() && event_.wait(debug, deadline)) {
    }
    if (const std::uint64_t left = trace_.left()) {
        const control::TraceRecord lost{sdk::now(), 0,   static_cast<std::uint8_t>(control::TraceKind::Lost), 0, 0, 0,
                                        0,          left};
        watch_->send(std::span{&lost, 1});
    }
}

void Machine::hold(Holder who, Gate::Harts harts) {
    gate_.hold(who, harts);
    for (const auto& hart : harts_)
        hart->kick();
    event_.signal(rest_bit); // for those that rest already
}

void Machine::release(Holder who, Gate::Harts harts) {
    gate_.release(who, harts);
    for (const auto& hart : harts_)
        hart->wake();
}

/// Nobody holds harts that are to stop.
void Machine::release_all() {
    release(Holder::Control, Gate::all);
    release(Holder::Debugger, Gate::all);
}

}
