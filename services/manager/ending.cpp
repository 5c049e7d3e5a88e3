// SPDX-License-Identifier: Apache-2.0
// How machines end, and what their monitors report.
#include <algorithm>
#include <cstring>

#include "base/control_frames.hpp"
#include "sdk/time.hpp"
#include "services/manager/restart.hpp"
#include "services/manager/supervisor.hpp"

namespace {

using control::State, control::Status, control::Verb;

std::uint64_t word(const Instance& instance, abi::ReportWord which, std::uint64_t offset = 0) {
    return sdk::call(abi::Call::ProcessReport, instance.machine->process(), static_cast<std::uint64_t>(which) + offset)
        .value_or(0);
}

/// What a monitor wrote, made fit to be shown.
std::string clean(std::span<const std::byte> bytes) {
    std::string text;
    for (const std::byte each : bytes.first(std::min<std::size_t>(bytes.size(), control::text_limit)))
        text += each >= std::byte{' '} && each < std::byte{0x7f} ? static_cast<char>(each) : '?';
    return text;
}

}

void Supervisor::look() {
    for (const auto& instance : instances_) {
        if (!instance)
            continue;
        if (instance->orders)
            hear(*instance);
        if (instance->size_due && instance->ready)
            instance->size_due = !instance->order(sdk::manager::Order::Resize, control::bytes_of(*instance->size));
        if (instance->machine &&
            word(*instance, abi::ReportWord::State) != static_cast<std::uint64_t>(abi::ProcessState::Alive)) {
            hear(*instance); // its last words
            ended(*instance);
        } else if (instance->deadline <= sdk::now()) {
            late(*instance);
        }
    }
    start_waiting();
}

/// What became of its process, for people; and by its end's status, whether that was well.
std::string Supervisor::describe_end(const Instance& instance, std::int32_t& status, bool& well) {
    const std::uint64_t cause = word(instance, abi::ReportWord::Cause);
    char text[128] = "";
    if (word(instance, abi::ReportWord::State) == static_cast<std::uint64_t>(abi::ProcessState::Exited)) {
        status = static_cast<std::int32_t>(cause);
        well = cause == 0;
        if (!well)
            std::snprintf(text, sizeof text, "exited with status %d", static_cast<int>(cause));
    } else {
        status = -1;
        well = false;
        std::snprintf(text, sizeof text, "died: cause %#lx pc %#lx tval %#lx", cause,
                      word(instance, abi::ReportWord::Pc), word(instance, abi::ReportWord::TrapValue));
    }
    if (!well)
        say(instance, "%s", text);
    for (std::uint64_t i = 0; i < 32 && status == -1; i += 4) {
        const auto x = [&](std::uint64_t n) { return word(instance, abi::ReportWord::Registers, i + n); };
        say(instance, "x%02lu %016lx %016lx %016lx %016lx", i, x(0), x(1), x(2), x(3));
    }
    return text;
}

/// Its process has ended, by whatever.
void Supervisor::ended(Instance& instance) {
    bool well = false;
    std::string reason = describe_end(instance, instance.exit_status, well);
    if (!well && !instance.reason.empty())
        reason = instance.reason; // what the monitor said of it
    dismiss(instance);
    settle(instance, well, std::move(reason));
}

/// Takes back all that the machine had.
void Supervisor::dismiss(Instance& instance) {
    if (instance.machine)
        instance.machine->reclaim(memories_);
    instance.machine.reset();
    instance.orders = {};
    instance.ready = false;
    instance.deadline = sdk::no_deadline;
    if (slots_[instance.slot].known) {
        slots_[instance.slot].idle = false;
        console_->tell(manager_link::Type::Ended, instance.slot);
    }
}

void Supervisor::end_by_force(Instance& instance) {
    instance.exit_status = 0;
    dismiss(instance);
}

/// What is to follow its end.
void Supervisor::settle(Instance& instance, bool well, std::string reason) {
    const auto policy = static_cast<control::RestartPolicy>(instance.plan.machine.restart);
    const bool stopped = instance.state == State::Stopping;
    const auto delay = restart_delay(policy, well, instance.plan.machine.backoff, instance.restarts);
    if (stopped) {
        change(instance, State::Off);
    } else if (delay) {
        change(instance, State::Backoff, std::move(reason));
        instance.deadline = sdk::now() + *delay * sdk::ticks_per_second();
    } else {
        well_ &= well;
        change(instance, well ? State::Exited : State::Failed, std::move(reason));
    }
    if (!instance.operation)
        return;
    const Operation operation = *instance.operation;
    if (operation.verb == Verb::Restart && stopped) {
        auto reply = start_or_wait(instance);
        if (reply)
            finish(instance, *reply);
    } else if (operation.verb == Verb::Stop) {
        finish(instance, {});
    } else if (operation.verb != Verb::Start) { // whose own way is not over yet
        finish(instance, {Status::Failed, instance.reason});
    }
}

/// Takes what the monitor reports, a bounded number of messages: it may never stop.
void Supervisor::hear(Instance& instance) {
    constexpr int at_once = 16;
    for (int count = 0; count < at_once; ++count) {
        sdk::manager::Header header;
        std::array<std::byte, sizeof header + sdk::manager::message_limit> bytes;
        if (!instance.orders || !instance.orders.peek(std::as_writable_bytes(std::span{&header, 1})) ||
            header.bytes > sdk::manager::message_limit ||
            !instance.orders.peek(std::span{bytes}.first(sizeof header + header.bytes)))
            return;
        instance.orders.drop(sizeof header + header.bytes);
        report(instance, static_cast<sdk::manager::Report>(header.kind),
               std::span{bytes}.subspan(sizeof header, header.bytes));
    }
    event_.signal(report_bits_); // more next time
}

void Supervisor::report(Instance& instance, sdk::manager::Report kind, std::span<const std::byte> bytes) {
    using enum sdk::manager::Report;
    const auto done = [&](Verb verb, State state) {
        if (!instance.operation || instance.operation->verb != verb || !instance.runs())
            return; // nobody asked
        instance.deadline = sdk::no_deadline;
        change(instance, state);
        finish(instance, {});
    };
    switch (kind) {
    case Ready:
        instance.ready = true;
        instance.size_due = instance.size.has_value();
        break;
    case Paused: done(Verb::Pause, State::Paused); break;
    case Resumed: done(Verb::Resume, State::Running); break;
    case Stats:
        instance.stats = control::message_in<sdk::manager::Stats>(bytes);
        listener_.measured(instance);
        break;
    case Reboot: listener_.happened(control::EventKind::Reboot, &instance, {}); break;
    case Failed: instance.reason = clean(bytes); break;
    }
}
