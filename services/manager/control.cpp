// SPDX-License-Identifier: Apache-2.0
#include "services/manager/control.hpp"

#include <algorithm>

#include "base/control_frames.hpp"
#include "base/page.hpp"
#include "sdk/time.hpp"

using control::FrameType, control::Status, control::Verb;

bool Control::ready() const {
    constexpr std::size_t limit = 32 << 10;
    return console_->out().size() < limit;
}

void Control::frame(const frames::Frame& frame) {
    const auto kind = static_cast<manager_link::Type>(frame.header.type);
    const auto slot = control::message_in<manager_link::Slot>(frame.payload);
    if (kind == manager_link::Type::Idle && slot)
        return supervisor_->idle(slot->number);
    if (const auto told = control::message_in<manager_link::Size>(frame.payload);
        kind == manager_link::Type::Resized && told)
        return supervisor_->resize(told->number, told->size);
    if (kind == manager_link::Type::Flushed) {
        flushed_ = true;
        return;
    }
    if (kind == manager_link::Type::Reset)
        return reset();
    if (frame.type() == FrameType::Hello)
        return hello(frame);
    const std::uint16_t id = frame.header.session;
    if (frame.type() == FrameType::Request)
        return open(id, frame);
    const auto found = sessions_.find(id);
    if (found == sessions_.end())
        return;
    if (frame.type() == FrameType::Data)
        receive(id, found->second, frame.payload);
    else if (const auto credit = control::message_in<control::Credit>(frame.payload);
             credit && frame.type() == FrameType::Credit)
        found->second.credit += std::min<std::uint64_t>(credit->bytes, control::initial_credit);
    else if (frame.type() == FrameType::End)
        end(id, {Status::Closed});
}

/// The connection has begun anew, or is gone: nobody waits for anything any more.
void Control::reset() {
    for (auto& [id, session] : sessions_)
        if (session.bundle)
            session.bundle->reclaim(memories_);
    sessions_.clear();
    if (shutdown_)
        shutdown_->session = 0;
    supervisor_->forget_sessions();
}

void Control::hello(const frames::Frame& frame) {
    auto hello = control::message_in<control::Hello>(frame.payload);
    if (!hello)
        return;
    hello->version = control::version;
    hello->harts = static_cast<std::uint32_t>(sdk::system_info(abi::SystemFact::Harts));
    hello->timebase_hertz = sdk::ticks_per_second();
    hello->now_nanoseconds = sdk::nanoseconds_of_ticks(sdk::now());
    hello->memory = memories_.pages() * page_bytes;
    hello->free = memories_.ram().free_pages() * page_bytes;
    out().add(FrameType::Hello, 0, *hello);
}

void Control::end(std::uint16_t id, const Answer& answer) {
    if (const auto found = sessions_.find(id); found != sessions_.end()) {
        if (found->second.bundle)
            found->second.bundle->reclaim(memories_);
        sessions_.erase(found);
    }
    const std::string_view text{answer.text};
    out().add(FrameType::End, id, control::End{static_cast<std::uint16_t>(answer.status), 0, answer.detail},
              std::as_bytes(std::span{text.substr(0, control::text_limit)}));
}

void Control::open(std::uint16_t id, const frames::Frame& frame) {
    const auto request = control::message_in<control::Request>(frame.payload);
    const auto name = request ? control::text_in(request->machine) : std::nullopt;
    if (!name || sessions_.contains(id))
        return end(id, {Status::BadRequest, "the request is malformed"});
    if (sessions_.size() == session_limit)
        return end(id, {Status::TooMany, "too many sessions are open"});
    sessions_[id].verb = static_cast<Verb>(request->verb);
    if (const Reply reply = begin(id, *request, *name))
        end(id, *reply);
}

Reply Control::begin(std::uint16_t id, const control::Request& request, std::string_view name) {
    switch (static_cast<Verb>(request.verb)) {
    case Verb::List: list(id); return Answer{};
    case Verb::Stats: return measure(id, request, name);
    case Verb::Events: out().add(FrameType::Opened, id, std::span<const std::byte>{}); return {};
    case Verb::Create: return create(id, request);
    case Verb::Shutdown: return shut_down(id, request);
    default: break;
    }
    if (request.verb > control::last_verb)
        return Answer{Status::BadRequest, "there is no such verb"};
    if (shutdown_)
        return Answer{Status::Gone, "the system goes off"};
    Instance* instance = supervisor_->find(name);
    if (!instance)
        return Answer{Status::NoSuchMachine};
    const auto verb = static_cast<Verb>(request.verb);
    if (verb != Verb::Pause && verb != Verb::Resume) // they choose when a machine runs, not whether
        used_ = true;
    return change(id, request, *instance);
}

Reply Control::change(std::uint16_t id, const control::Request& request, Instance& instance) {
    const auto verb = static_cast<Verb>(request.verb);
    const bool force = (request.flags & control::flag::force) != 0;
    const Operation operation{id, verb, force};
    switch (verb) {
    case Verb::Start: return supervisor_->start(instance, operation);
    case Verb::Stop:
    case Verb::Restart: return supervisor_->stop(instance, operation, request.value);
    case Verb::Pause: return supervisor_->pause(instance, operation);
    case Verb::Resume: return supervisor_->resume(instance, operation);
    case Verb::Remove: return supervisor_->remove(instance, force);
    default: return Answer{Status::NotSupported};
    }
}

/// Stops every machine; `look` sees when all are off.
Reply Control::shut_down(std::uint16_t id, const control::Request& request) {
    if (shutdown_)
        return Answer{Status::Busy, "the system goes off already"};
    shutdown_ = Operation{id, Verb::Shutdown, (request.flags & control::flag::force) != 0};
    happened(control::EventKind::Shutdown, nullptr, {});
    for (const auto& instance : supervisor_->instances()) {
        if (!instance || !instance->alive())
            continue;
        const auto reply = supervisor_->stop(*instance, {0, Verb::Stop, shutdown_->force}, request.value);
        if (reply && reply->status != Status::Done) {
            shutdown_.reset();
            return reply;
        }
    }
    return {};
}

void Control::look() {
    if (shutdown_) {
        bool alive = false, going = false;
        for (const auto& instance : supervisor_->instances()) {
            alive |= instance && instance->alive();
            going |= instance && instance->operation;
        }
        over_ = !alive;
        if (alive && !going) { // some would not stop
            const Operation operation = *std::exchange(shutdown_, std::nullopt);
            if (operation.session != 0)
                end(operation.session, {Status::TimedOut, "not every guest has powered off in time"});
        }
    }
    for (auto& [id, session] : sessions_)
        if (session.due <= sdk::now()) {
            if (session.measures)
                tell_stats(id, session);
            else
                ask(session);
        }
    for (auto each = sessions_.begin(); each != sessions_.end();) {
        const auto& [id, session] = *each++;
        if (session.verb == Verb::Stats && !session.follows && !session.measures)
            end(id, {});
    }
}

std::uint64_t Control::next_deadline() const {
    std::uint64_t deadline = sdk::no_deadline;
    for (const auto& [id, session] : sessions_)
        deadline = std::min(deadline, session.due);
    return deadline;
}

void Control::say_goodbye() {
    while (!sessions_.empty()) {
        const std::uint16_t id = sessions_.begin()->first;
        const bool asked = shutdown_ && shutdown_->session == id;
        end(id, {asked ? Status::Done : Status::Gone});
    }
}

void Control::reclaim() {
    for (auto& [id, session] : sessions_)
        if (session.bundle)
            session.bundle->reclaim(memories_);
    sessions_.clear();
}
