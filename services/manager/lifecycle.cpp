// SPDX-License-Identifier: Apache-2.0
// How machines come and go.
#include <algorithm>
#include <cstring>

#include "base/page.hpp"
#include "sdk/must.hpp"
#include "sdk/time.hpp"
#include "services/console/machine_console.hpp"
#include "services/manager/restart.hpp"
#include "services/manager/supervisor.hpp"

namespace {

using control::State, control::Status, control::Verb;

std::uint64_t after_milliseconds(std::uint64_t milliseconds) {
    return sdk::now() + sdk::ticks_of_milliseconds(milliseconds);
}

Answer wrong_state(const Instance& instance) {
    return {Status::WrongState, {}, static_cast<std::uint32_t>(instance.state)};
}

Reply busy() {
    return Answer{Status::Busy, "another verb is at work on it"};
}

}

Answer Supervisor::start_by_themselves(std::span<Instance* const> instances) {
    Answer first;
    for (Instance* instance : instances)
        if (instance->plan.machine.autostart != 0) {
            const Reply reply = start_or_wait(*instance);
            if (reply && reply->status != Status::Done && first.status == Status::Done)
                first = *reply;
        }
    start_waiting();
    return first;
}

/// Whether all that it is to start after runs, and what its last monitor wrote has been taken.
bool Supervisor::may_start(const Instance& instance) const {
    const bundle_manifest::Machine& machine = instance.plan.machine;
    return slots_[instance.slot].idle &&
           std::ranges::all_of(std::span{machine.after}.first(machine.after_count), [&](std::string_view name) {
               return std::ranges::any_of(
                   instances_, [&](const auto& each) { return each && each->name() == name && each->runs(); });
           });
}

Reply Supervisor::start(Instance& instance, Operation operation) {
    if (instance.operation)
        return busy();
    if (instance.machine || instance.state == State::Waiting)
        return wrong_state(instance);
    instance.restarts = 0;
    instance.operation = operation;
    auto reply = start_or_wait(instance);
    if (reply)
        instance.operation.reset();
    return reply;
}

/// Of a machine that only waits for its slot the outcome is not known yet.
Reply Supervisor::start_or_wait(Instance& instance) {
    instance.deadline = sdk::no_deadline;
    if (may_start(instance))
        return launch(instance);
    change(instance, State::Waiting);
    if (!slots_[instance.slot].idle)
        return {};
    return Answer{};
}

Answer Supervisor::launch(Instance& instance) {
    using Side = sdk::Channel::Side;
    Slot& slot = slots_[instance.slot];
    Wiring wiring;
    std::array<sdk::Handle, 3> parts;
    if (prepare(slot)) {
        const auto bytes = slot.mapping.bytes();
        const std::array shapes{sdk::control_shape, sdk::console_shape, sdk::debug_shape};
        std::size_t at = 0;
        for (std::size_t i = 0; i < shapes.size(); at += shapes[i++].bytes()) {
            std::memset(bytes.data() + at, 0, shapes[i].bytes());
            if (auto part = memories_.handle({slot.pages.first + at / page_bytes, pages_for(shapes[i].bytes())}))
                parts[i] = std::move(*part);
        }
        (void)slot.event->wait(~std::uint64_t{0}, 0); // what was raised for the last one
        wiring.event = slot.event->slot();
        wiring.manager = {parts[0].slot(), event_.slot(), report_bits_};
        if (console_) { // also while it is started again
            const std::uint64_t bit = std::uint64_t{1} << instance.slot % 32;
            wiring.console = {parts[1].slot(), console_->event(), bit};
            wiring.debug = {parts[2].slot(), console_->event(), bit};
        }
        instance.orders = {bytes.first(sdk::control_shape.bytes()), sdk::control_shape, Side::Second,
                           [&slot] { slot.event->signal(sdk::channel_bits::control); }};
    }
    if (slot.known)
        console_->tell(manager_link::Type::Start, instance.slot);
    memories_.be_considerate(std::ranges::any_of(instances_, [](const auto& each) { return each && each->machine; }));
    auto machine = Machine::start(instance.plan, host_, wiring, memories_, event_.slot(), end_bits_);
    memories_.be_considerate(false);
    if (!machine) {
        std::string reason{"it cannot be started: "};
        reason.append(sdk::describe(machine.error())).append(": give it more 'quota', or the host more memory");
        say(instance, "%s", reason.c_str());
        dismiss(instance);
        settle(instance, false, reason);
        return {Status::Failed, std::move(reason)};
    }
    instance.machine.emplace(std::move(*machine));
    change(instance, State::Running);
    return {};
}

/// Starts those whose wait is over, and those that waited for these.
void Supervisor::start_waiting() {
    for (bool any = true; std::exchange(any, false);)
        for (const auto& each : instances_)
            if (each && each->state == State::Waiting && may_start(*each)) {
                finish(*each, launch(*each));
                any = true;
            }
}

/// Asks its monitor to have the guest power off; at the deadline it is ended, or let go on.
Reply Supervisor::stop(Instance& instance, Operation operation, std::uint64_t milliseconds) {
    if (instance.operation)
        return busy();
    const bool restart = operation.verb == Verb::Restart;
    if (instance.state == State::Waiting || instance.state == State::Backoff) {
        instance.deadline = sdk::no_deadline;
        change(instance, State::Off);
    }
    if (!instance.machine)
        return restart ? start(instance, operation) : Answer{};
    instance.operation = operation;
    if (instance.state == State::Paused)
        (void)instance.order(sdk::manager::Order::Resume);
    const bool asked = milliseconds != 0 && instance.order(sdk::manager::Order::PowerButton);
    if (!asked && !operation.force) {
        instance.operation.reset();
        return Answer{Status::NotSupported, "its monitor cannot ask the guest; force ends it"};
    }
    change(instance, State::Stopping);
    instance.deadline = asked ? after_milliseconds(milliseconds) : sdk::now();
    return {};
}

Reply Supervisor::pause(Instance& instance, Operation operation) {
    if (instance.operation)
        return busy();
    if (instance.state != State::Running)
        return wrong_state(instance);
    if (!instance.order(sdk::manager::Order::Pause))
        return Answer{Status::NotSupported, "its monitor cannot do that"};
    instance.operation = operation;
    constexpr std::uint64_t patience = 5000;
    instance.deadline = after_milliseconds(patience);
    return {};
}

Reply Supervisor::resume(Instance& instance, Operation operation) {
    if (instance.operation)
        return busy();
    if (instance.state != State::Paused)
        return wrong_state(instance);
    if (!instance.order(sdk::manager::Order::Resume))
        return Answer{Status::NotSupported, "its monitor cannot do that"};
    instance.operation = operation;
    constexpr std::uint64_t patience = 5000;
    instance.deadline = after_milliseconds(patience);
    return {};
}

Reply Supervisor::remove(Instance& instance, bool force) {
    if (instance.operation)
        return busy();
    if (instance.alive() && !force)
        return wrong_state(instance);
    if (instance.machine)
        end_by_force(instance);
    if (slots_[instance.slot].known)
        console_->tell(manager_link::Type::Forget, instance.slot);
    listener_.happened(control::EventKind::Remove, &instance, {});
    instances_[instance.slot].reset();
    forget_unused_bundles();
    return Answer{};
}

/// Time has passed for what the machine was doing.
void Supervisor::late(Instance& instance) {
    instance.deadline = sdk::no_deadline;
    if (instance.state == State::Backoff) {
        ++instance.restarts;
        (void)start_or_wait(instance);
    } else if (instance.state == State::Stopping && instance.operation && instance.operation->force) {
        end_by_force(instance);
        settle(instance, true, {});
    } else if (instance.state == State::Stopping) {
        change(instance, State::Running);
        finish(instance, {Status::TimedOut, "the guest did not power off in time"});
    } else {
        listener_.happened(control::EventKind::Unhealthy, &instance, "its monitor does not answer");
        finish(instance, {Status::TimedOut, "its monitor does not answer"});
    }
}
