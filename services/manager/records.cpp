// SPDX-License-Identifier: Apache-2.0
// What the manager tells of machines over the control channel, and the bundles that come over it.
#include <algorithm>
#include <bit>

#include "base/control_frames.hpp"
#include "base/page.hpp"
#include "sdk/time.hpp"
#include "services/manager/control.hpp"

using control::FrameType, control::Status;

namespace {

control::MachineRecord describe(const Instance& instance) {
    const bundle_manifest::Machine& machine = instance.plan.machine;
    control::MachineRecord record{};
    record.name = control::array_of<control::Name>(machine.name);
    record.state = static_cast<std::uint16_t>(instance.state);
    record.policy = static_cast<std::uint16_t>(machine.restart);
    record.cpus = static_cast<std::uint32_t>(machine.cpus);
    record.priority = static_cast<std::uint32_t>(machine.priority);
    record.share = static_cast<std::uint32_t>(machine.share);
    record.memory = machine.memory;
    record.harts = machine.harts;
    record.since_nanoseconds = sdk::nanoseconds_of_ticks(sdk::now() - instance.since);
    record.restarts = instance.restarts;
    record.exit_status = instance.exit_status;
    record.reason = control::array_of<control::Text>(instance.reason);
    return record;
}

control::StatsRecord measure(const Instance& instance) {
    const bundle_manifest::Machine& machine = instance.plan.machine;
    control::StatsRecord record{};
    record.name = control::array_of<control::Name>(machine.name);
    record.now_nanoseconds = sdk::nanoseconds_of_ticks(sdk::now());
    record.state = static_cast<std::uint16_t>(instance.state);
    record.cpus = static_cast<std::uint32_t>(machine.cpus);
    record.memory = machine.memory;
    if (instance.machine) {
        const std::uint64_t left =
            sdk::call(abi::Call::ProcessReport, instance.machine->process(), abi::ReportWord::PagesLeft).value_or(0);
        const std::uint64_t pool = machine.quota - std::min(left, machine.quota);
        record.overhead = (instance.machine->pages() + pool) * page_bytes - machine.memory;
    }
    if (instance.machine && instance.stats) {
        const sdk::manager::Stats& stats = *instance.stats;
        record.returned = std::min(stats.returned, machine.memory);
        record.reported = stats.reported;
        record.disks = stats.disks;
        record.vcpus = stats.vcpus;
    }
    return record;
}

}

/// Sends a record, or counts it as lost if there is no credit for it.
void Control::record(std::uint16_t id, Session& session, std::span<const std::byte> record) {
    if (session.credit < record.size() || !ready()) {
        ++session.lost;
        return;
    }
    if (session.lost != 0)
        out().add(FrameType::Lost, id, control::Lost{std::exchange(session.lost, 0)});
    session.credit -= record.size();
    out().add(FrameType::Data, id, record);
}

void Control::list(std::uint16_t id) {
    for (const auto& instance : supervisor_->instances())
        if (instance)
            out().add(FrameType::Data, id, describe(*instance));
}

void Control::happened(control::EventKind kind, const Instance* instance, std::string_view text) {
    control::EventRecord event{};
    event.now_nanoseconds = sdk::nanoseconds_of_ticks(sdk::now());
    event.kind = static_cast<std::uint16_t>(kind);
    event.text = control::array_of<control::Text>(text);
    if (instance) {
        event.state = static_cast<std::uint16_t>(instance->state);
        event.status = instance->exit_status;
        event.machine = control::array_of<control::Name>(instance->name());
    }
    for (auto& [id, session] : sessions_)
        if (session.verb == control::Verb::Events)
            record(id, session, control::bytes_of(event));
}

Reply Control::measure(std::uint16_t id, const control::Request& request, std::string_view name) {
    Session& session = sessions_[id];
    for (const auto& instance : supervisor_->instances())
        if (instance && (name.empty() || instance->name() == name))
            session.asked |= std::uint64_t{1} << instance->slot;
    if (session.asked == 0 && !name.empty())
        return Answer{Status::NoSuchMachine};
    constexpr std::uint64_t shortest = 50;
    session.follows = (request.flags & control::flag::follow) != 0;
    session.period = sdk::ticks_of_milliseconds(std::max(request.value, shortest));
    if (name.empty() && session.follows)
        session.asked = ~std::uint64_t{0}; // also those that are yet to come
    ask(session);
    return {};
}

/// Has the machines' monitors tell what they know. One that does not answer in time holds nobody up.
void Control::ask(Session& session) {
    session.missing = 0;
    for (const auto& instance : supervisor_->instances())
        if (instance && (session.asked >> instance->slot & 1) != 0 && supervisor_->measure(*instance))
            session.missing |= std::uint64_t{1} << instance->slot;
    session.measures = true;
    session.due = sdk::now() + (session.missing != 0 ? sdk::ticks_per_second() / 2 : 0);
}

void Control::measured(const Instance& instance) {
    for (auto& [id, session] : sessions_) {
        const std::uint64_t bit = std::uint64_t{1} << instance.slot;
        if ((session.missing & bit) == 0)
            continue;
        session.missing &= ~bit;
        if (session.missing == 0)
            tell_stats(id, session);
    }
}

void Control::tell_stats(std::uint16_t id, Session& session) {
    for (const auto& instance : supervisor_->instances())
        if (instance && (session.asked >> instance->slot & 1) != 0)
            record(id, session, control::bytes_of(::measure(*instance)));
    session.missing = 0;
    session.measures = false;
    session.due = session.follows ? sdk::now() + session.period : sdk::no_deadline;
}

Reply Control::create(std::uint16_t id, const control::Request& request) {
    used_ = true;
    Session& session = sessions_[id];
    auto bundle = Bundle::fresh(memories_, request.value);
    if (!bundle)
        return Answer{Status::NoMemory, "the bundle does not fit into the host's free memory"};
    session.bundle.emplace(std::move(*bundle));
    session.bytes = request.value;
    return {};
}

void Control::receive(std::uint16_t id, Session& session, std::span<const std::byte> bytes) {
    if (!session.bundle || bytes.size() > session.given || bytes.size() > session.bytes - session.received)
        return end(id, {Status::BadRequest, "more was sent than may be"});
    std::ranges::copy(bytes, session.bundle->bytes().subspan(session.received).begin());
    session.received += bytes.size();
    session.given -= bytes.size();
    if (session.given <= control::initial_credit / 2) {
        const std::uint64_t more = control::initial_credit - session.given;
        session.given += more;
        out().add(FrameType::Credit, id, control::Credit{more});
    }
    if (session.received != session.bytes)
        return;
    Bundle bundle = std::move(*session.bundle);
    session.bundle.reset();
    const auto added = supervisor_->add(std::move(bundle));
    if (!added)
        return end(id, added.error());
    end(id, supervisor_->start_by_themselves(*added));
}
