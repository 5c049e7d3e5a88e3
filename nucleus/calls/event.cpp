// SPDX-License-Identifier: Apache-2.0
// Events, and the interrupt lines that raise them.
#include "nucleus/calls/request.hpp"

namespace calls {

namespace {

/// The host's number of the line that a handle and an index name.
Answer line(const Request& request) {
    const auto lines = request.range(0, Kind::Interrupt, Rights::Control);
    if (!lines)
        return std::unexpected{lines.error()};
    if (request[1] >= lines->extent)
        return std::unexpected{Error::BadArgument};
    return lines->value + request[1];
}

}

Answer event_create(const Request& request) {
    auto* event = Request::make<Event>(request.account());
    if (!event)
        return std::unexpected{Error::OutOfQuota};
    event->process = &request.process;
    const auto handle = request.name(*event);
    if (!handle)
        nucleus.pool.release(request.account(), event);
    return handle;
}

Answer event_signal(const Request& request) {
    const auto signal = request.signal(0);
    if (!signal)
        return std::unexpected{signal.error()};
    raise(*signal);
    return 0;
}

Answer event_wait(const Request& request, Event& event) {
    Thread& thread = request.thread;
    if (const std::uint64_t seen = event.signals & request[1]) {
        event.signals &= ~seen;
        return seen;
    }
    if (request[2] <= now())
        return std::unexpected{Error::TimedOut};
    thread.event = &event;
    thread.wanted = request[1];
    event.waiters.insert(thread);
    thread.timer.thread = &thread;
    arm(thread.timer, request.hart(), request[2]);
    block(thread, Wait::Event);
    return 0;
}

Answer interrupt_bind(const Request& request) {
    const auto number = line(request);
    const auto signal = request.signal(2);
    if (!number || !signal)
        return std::unexpected{number ? signal.error() : number.error()};
    const auto hart = static_cast<std::uint8_t>(request.hart().number);
    nucleus.interrupts.enable(nucleus.line_harts[*number], static_cast<std::uint32_t>(*number), false);
    nucleus.lines[*number] = *signal;
    nucleus.line_harts[*number] = hart;
    nucleus.interrupts.enable(hart, static_cast<std::uint32_t>(*number), true);
    return 0;
}

Answer interrupt_acknowledge(const Request& request) {
    const auto number = line(request);
    if (number)
        nucleus.interrupts.complete(nucleus.line_harts[*number], static_cast<std::uint32_t>(*number));
    return number;
}

}
