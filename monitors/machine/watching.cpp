// SPDX-License-Identifier: Apache-2.0
// How others watch a machine: a debugger through the first console of the host that it has been given, a trace through
// the second.
#include "monitors/machine/machine.hpp"
#include "sdk/must.hpp"

namespace machine {

void Machine::open_ports() {
    ports_ = HostPort::open_all();
    if (ports_.size() > 0) {
        HostConsole& console = ports_[0]->console();
        debugger_.emplace(*this, [&console](std::span<const std::byte> bytes) { (void)console.write(bytes); });
        sdk::must(ports_[0]->bind_interrupt(event_, debug_bit), "the debug port's interrupt");
        event_.signal(debug_bit); // something may have come before
    }
    if (ports_.size() > 1) {
        trace_.start(vcpu_count(), event_, trace_bit);
        lines_.trace_into(trace_.of_devices());
        for (unsigned hart = 0; hart < vcpu_count(); ++hart)
            harts_[hart]->trace_into(trace_.of_hart(hart));
    }
}

/// Passes on what the debugger has sent, harts that have come to rest, and what has been recorded.
void Machine::serve_watchers(std::uint64_t signals) {
    if (power_ != Power::On) {
        release_all();
    } else if (debugger_) {
        if ((signals & debug_bit) != 0)
            hear_debugger();
        if ((signals & rest_bit) != 0)
            debugger_->poll();
    }
    if (trace_.on())
        trace_.drain([&](std::span<const control::TraceRecord> records) {
            (void)ports_[1]->console().write(std::as_bytes(records));
        });
}

void Machine::hear_debugger() {
    std::array<std::byte, 512> piece;
    HostConsole& console = ports_[0]->console();
    console.acknowledge(); // before looking: what comes from now on raises it again
    while (const std::size_t count = console.read(piece))
        debugger_->receive(std::span{piece}.first(count));
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
