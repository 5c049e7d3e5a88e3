// SPDX-License-Identifier: Apache-2.0
#include "monitors/machine/watch_channel.hpp"

#include <utility>

#include "base/control_frames.hpp"

namespace machine {

using control::FrameType, control::Verb;

void WatchChannel::poll() {
    constexpr int frames_at_once = 16;
    for (int count = 0; count < frames_at_once && take_input(); ++count) {
        const auto frame = reader_.next();
        if (!frame)
            return;
        take(*frame);
    }
}

/// Passes on what the debugger has sent, while there is room for what that makes us say; whether that was all.
bool WatchChannel::take_input() {
    while (taken_ < input_.size() && channel_.room() >= answer_room)
        listener_.debugger_says(input_[taken_++]);
    return taken_ == input_.size();
}

bool WatchChannel::arm() {
    if (taken_ < input_.size())
        return channel_.arm_output(answer_room);
    return reader_.arm();
}

void WatchChannel::take(const frames::Frame& frame) {
    if (frame.header.session == debug_link::every_session) {
        if (frame.type() == FrameType::End) {
            leave(debugger_);
            leave(trace_);
        }
    } else if (frame.type() == FrameType::Request) {
        open(frame.header.session, frame.payload);
    } else if (frame.type() == FrameType::Data && frame.header.session == debugger_) {
        input_.assign(frame.payload.begin(), frame.payload.end());
        taken_ = 0;
    } else if (frame.type() == FrameType::End) {
        leave(frame.header.session);
    }
}

void WatchChannel::open(std::uint16_t session, std::span<const std::byte> request) {
    const auto asked = control::message_in<control::Request>(request);
    const auto verb = asked ? static_cast<Verb>(asked->verb) : Verb{};
    const auto refuse = [&](control::Status status) {
        tell(FrameType::End, session, control::bytes_of(control::End{static_cast<std::uint16_t>(status), 0, 0}));
    };
    if (verb != Verb::Gdb && verb != Verb::Trace)
        return refuse(control::Status::NotSupported);
    std::uint16_t& place = verb == Verb::Gdb ? debugger_ : trace_;
    leave(session); // a number that is in use already is the new session's
    leave(place);
    if (verb == Verb::Trace && !listener_.begin_trace())
        return refuse(control::Status::NoMemory);
    place = session;
    tell(FrameType::Opened, session, {});
}

void WatchChannel::leave(std::uint16_t session) {
    if (session != 0 && session == debugger_) {
        debugger_ = 0;
        listener_.debugger_left();
    } else if (session != 0 && session == trace_) {
        trace_ = 0;
        listener_.end_trace();
    }
}

std::size_t WatchChannel::record_room() {
    constexpr std::size_t kept = answer_room + sizeof(control::FrameHeader), few = 16 * sizeof(control::TraceRecord);
    if (channel_.room() < kept + few && !channel_.arm_output(kept + few))
        return 0;
    return (channel_.room() - kept) / sizeof(control::TraceRecord);
}

/// What finds no room is lost, which only whoever does not read what it asked for can bring about.
void WatchChannel::tell(FrameType type, std::uint16_t session, std::span<const std::byte> payload) {
    if (session == 0)
        return;
    const control::FrameHeader header{static_cast<std::uint32_t>(payload.size()), static_cast<std::uint16_t>(type),
                                      session};
    (void)channel_.write_both(control::bytes_of(header), payload);
}

}
