// SPDX-License-Identifier: Apache-2.0
// Sessions of those who watch a machine: its monitor answers them, over the debug channel (debug_link.hpp).
#include <algorithm>
#include <utility>

#include "base/control_frames.hpp"
#include "services/console/sessions.hpp"

using control::FrameType, control::Status, control::Verb;

void Sessions::watch(std::uint16_t id, const control::Request& request, std::string_view name) {
    const auto machine =
        std::ranges::find_if(machines_, [&](const auto& each) { return each && each->name() == name; });
    if (machine == machines_.end())
        return end(id, Status::NoSuchMachine);
    if (!(*machine)->running())
        return end(id, Status::WrongState, {}, static_cast<std::uint32_t>(control::State::Off));
    Session session;
    session.kind = request.verb == static_cast<std::uint16_t>(Verb::Gdb) ? Kind::Gdb : Kind::Trace;
    session.slot = static_cast<std::size_t>(machine - machines_.begin());
    const auto other = std::ranges::find_if(sessions_, [&](const auto& each) {
        return each.second.kind == session.kind && each.second.slot == session.slot && !each.second.over;
    });
    if (other != sessions_.end()) {
        if ((request.flags & control::flag::force) == 0)
            return end(id, Status::Busy);
        leave(other->second);
        other->second.over = true;
        end(other->first, other->second, Status::Busy, "another has taken its place");
    }
    session.watch = (*machine)->open_watch(control::bytes_of(request));
    if (session.watch == 0)
        return end(id, Status::TimedOut, "its monitor does not answer");
    sessions_[id] = std::move(session);
}

/// Whoever watched does so no more: the monitor tidies up.
void Sessions::leave(const Session& session) {
    if (session.watches() && !session.over)
        machines_[session.slot]->close_watch(session.watch);
}

void Sessions::end(std::uint16_t id, const Session& session, Status status, std::string_view text) {
    if (session.lost != 0)
        to_host_.add(FrameType::Lost, id, control::Lost{session.lost});
    end(id, status, text);
}

/// Records for which there is no credit are lost: were they to wait, so would what a debugger is told.
void Sessions::tell_records(std::uint16_t id, Session& session, std::span<const std::byte> records) {
    if (records.size() > session.credit) {
        session.lost += records.size() / sizeof(control::TraceRecord);
        return;
    }
    if (session.lost != 0)
        to_host_.add(FrameType::Lost, id, control::Lost{std::exchange(session.lost, 0)});
    to_host_.add(FrameType::Data, id, records);
    session.credit -= records.size();
}

void Sessions::tell_watcher(std::uint16_t id, Session& session, const frames::Frame& frame) {
    if (frame.type() == FrameType::Opened) {
        to_host_.add(FrameType::Opened, id, std::span<const std::byte>{});
    } else if (frame.type() == FrameType::Data && session.kind == Kind::Trace) {
        tell_records(id, session, frame.payload);
    } else if (frame.type() == FrameType::Data) {
        to_host_.add(FrameType::Data, id, frame.payload);
        session.credit -= std::min<std::uint64_t>(session.credit, frame.payload.size());
    } else if (const auto told = control::message_in<control::End>(frame.payload);
               told && frame.type() == FrameType::End) {
        const bool known = told->status <= control::last_status;
        session.over = true;
        end(id, session, known ? static_cast<Status>(told->status) : Status::Failed);
    }
}

Slots Sessions::watched() const {
    Slots slots = 0;
    for (const auto& [id, session] : sessions_)
        if (session.watches())
            slots |= slot_bit(session.slot);
    return slots;
}

/// Passes on what a monitor has to say to those who watch, while less than `most` waits for the host.
bool Sessions::pump_watched(std::size_t slot, std::size_t most) {
    bool any = false;
    frames::Reader* const reader = machines_[slot]->from_watched();
    while (reader && to_host_.size() < most) {
        const auto header = reader->peek();
        if (!header)
            break;
        const auto found = std::ranges::find_if(sessions_, [&](const auto& each) {
            const Session& session = each.second;
            return session.watches() && session.slot == slot && session.watch == header->session && !session.over;
        });
        const bool there = found != sessions_.end(); // else it is of one that has ended
        if (there && found->second.kind == Kind::Gdb && header->length > found->second.credit &&
            static_cast<FrameType>(header->type) == FrameType::Data)
            break; // it waits in the ring
        const auto frame = reader->next();
        if (frame && there)
            tell_watcher(found->first, found->second, *frame);
        any = true;
    }
    return any;
}

void Sessions::ended(std::size_t slot) {
    constexpr std::size_t all = ~std::size_t{0}; // as much as its ring holds
    (void)pump_watched(slot, all);
    std::erase_if(sessions_, [&](const auto& each) {
        const auto& [id, session] = each;
        const bool ends = session.watches() && session.slot == slot;
        if (ends && !session.over)
            end(id, session, Status::Done);
        return ends;
    });
}
