// SPDX-License-Identifier: Apache-2.0
#include "services/console/sessions.hpp"

#include <algorithm>
#include <utility>

#include "base/control_frames.hpp"

using control::FrameType, control::Status, control::Verb;

void Sessions::end(std::uint16_t id, Status status, std::string_view text, std::uint32_t detail) {
    to_host_.add(FrameType::End, id, control::End{static_cast<std::uint16_t>(status), 0, detail},
                 std::as_bytes(std::span{text.substr(0, control::text_limit)}));
}

void Sessions::reset() {
    for (const auto& [id, session] : sessions_)
        leave(session);
    sessions_.clear();
    to_host_.clear();
    to_manager_.add(manager_link::frame_type(manager_link::Type::Reset), 0, std::span<const std::byte>{});
}

void Sessions::announce() {
    control::Hello hello{};
    hello.magic = control::hello_magic;
    hello.version = control::version;
    to_host_.add_zeros(control::preamble_bytes); // they end a frame that was under way
    to_host_.add(FrameType::Hello, 0, hello);
}

void Sessions::from_host(const frames::Frame& frame) {
    const std::uint16_t id = frame.header.session;
    if (frame.type() == FrameType::Hello) { // the manager knows the answer
        reset();
        return pass_on(frame);
    }
    if (frame.type() == FrameType::Request)
        return request(id, frame);
    const auto found = sessions_.find(id);
    if (found == sessions_.end())
        return; // it has ended meanwhile
    Session& session = found->second;
    if (session.kind == Kind::Manager) {
        if (frame.type() == FrameType::Data || frame.type() == FrameType::Credit || frame.type() == FrameType::End)
            pass_on(frame);
        return;
    }
    if (frame.type() == FrameType::Data) {
        data(session, id, frame);
    } else if (const auto credit = control::message_in<control::Credit>(frame.payload);
               credit && frame.type() == FrameType::Credit) {
        constexpr std::uint64_t most = std::uint64_t{1} << 40;
        session.credit = std::min(session.credit + std::min(credit->bytes, most), most);
    } else if (const auto size = control::message_in<control::Resize>(frame.payload);
               size && frame.type() == FrameType::Resize && session.kind == Kind::Console) {
        const manager_link::Size told{session.slot, *size, 0};
        to_manager_.add(manager_link::frame_type(manager_link::Type::Resized), 0, told);
    } else if (frame.type() == FrameType::End) {
        leave(session);
        end(id, session, Status::Closed);
        sessions_.erase(found);
    }
}

void Sessions::request(std::uint16_t id, const frames::Frame& frame) {
    const auto request = control::message_in<control::Request>(frame.payload);
    const auto name = request ? control::text_in(request->machine) : std::nullopt;
    if (!name || request->verb == 0 || (request->flags & ~control::flag::all) != 0 || request->zero != 0)
        return end(id, Status::BadRequest, "the request is malformed");
    if (sessions_.contains(id))
        return end(id, Status::BadRequest, "the session's number is in use");
    if (sessions_.size() == session_limit)
        return end(id, Status::TooMany, "64 sessions are open");
    switch (static_cast<Verb>(request->verb)) {
    case Verb::Console:
    case Verb::Logs: return open(id, *request, *name);
    case Verb::Gdb:
    case Verb::Trace: return watch(id, *request, *name);
    default: sessions_[id] = {}; return pass_on(frame);
    }
}

void Sessions::open(std::uint16_t id, const control::Request& request, std::string_view name) {
    const auto machine =
        std::ranges::find_if(machines_, [&](const auto& each) { return each && each->name() == name; });
    if (machine == machines_.end())
        return end(id, Status::NoSuchMachine);
    const History& history = (*machine)->history();
    const bool console = request.verb == static_cast<std::uint16_t>(Verb::Console);
    Session session;
    session.kind = console ? Kind::Console : Kind::Logs;
    session.follows = console || (request.flags & control::flag::follow) != 0;
    session.slot = static_cast<std::size_t>(machine - machines_.begin());
    session.position = (request.flags & control::flag::fresh) != 0 ? history.end() : history.begin();
    session.end = history.end();
    sessions_[id] = std::move(session);
}

void Sessions::data(Session& session, std::uint16_t id, const frames::Frame& frame) {
    if ((session.kind != Kind::Console && session.kind != Kind::Gdb) || frame.payload.size() > session.given) {
        leave(session);
        end(id, Status::BadRequest, "more was sent than may be");
        session.over = true;
        return;
    }
    session.given -= frame.payload.size();
    session.input.insert(session.input.end(), frame.payload.begin(), frame.payload.end());
}

void Sessions::from_manager(const frames::Frame& frame) {
    const auto found = sessions_.find(frame.header.session);
    const bool hello = frame.type() == FrameType::Hello;
    if (!hello && (found == sessions_.end() || found->second.kind != Kind::Manager))
        return; // of a connection that is no more
    to_host_.add(frame.type(), frame.header.session, frame.payload);
    if (frame.type() == FrameType::End)
        sessions_.erase(found);
}

void Sessions::forget(std::size_t slot) {
    std::erase_if(sessions_, [&](const auto& each) {
        const auto& [id, session] = each;
        const bool ends = session.kind != Kind::Manager && session.slot == slot;
        if (ends)
            end(id, Status::Gone);
        return ends;
    });
}

bool Sessions::pump_output(std::uint16_t id, Session& session) {
    bool any = false;
    const History& history = machines_[session.slot]->history();
    while (session.credit != 0 && to_host_.size() < queue_limit) {
        auto bytes = history.at(session.position, session.lost);
        if (session.lost != 0)
            to_host_.add(FrameType::Lost, id, control::Lost{std::exchange(session.lost, 0)});
        if (!session.follows) {
            const std::uint64_t left = session.end - std::min(session.end, session.position);
            bytes = bytes.first(std::min<std::size_t>(bytes.size(), left));
        }
        bytes = bytes.first(std::min<std::size_t>({bytes.size(), session.credit, piece_bytes}));
        if (bytes.empty())
            break;
        to_host_.add(FrameType::Data, id, bytes);
        session.position += bytes.size();
        session.credit -= bytes.size();
        any = true;
    }
    if (!session.follows && session.position >= session.end) {
        end(id, Status::Done);
        session.over = true;
    }
    return any;
}

bool Sessions::pump_input(std::uint16_t id, Session& session) {
    if (session.input.empty())
        return false;
    MachineConsole& machine = *machines_[session.slot];
    const std::size_t taken =
        session.watches() ? machine.send_watch(session.watch, session.input) : machine.type(session.input);
    session.input.erase(session.input.begin(), session.input.begin() + static_cast<std::ptrdiff_t>(taken));
    if (taken != 0) {
        to_host_.add(FrameType::Credit, id, control::Credit{taken});
        session.given += taken;
    }
    const bool waits = !session.input.empty() && !session.watches();
    return (waits && machine.arm_typing()) || taken != 0;
}

bool Sessions::pump(Slots slots) {
    bool any = false;
    for (auto& [id, session] : sessions_)
        if (session.kind != Kind::Manager && !session.over && to_host_.size() < queue_limit) {
            any |= pump_input(id, session);
            if (session.about_console())
                any |= pump_output(id, session);
        }
    for_each(machines_, slots | watched(), [&](std::size_t slot) { any |= pump_watched(slot, queue_limit); });
    std::erase_if(sessions_, [](const auto& each) { return each.second.over; });
    return any;
}
