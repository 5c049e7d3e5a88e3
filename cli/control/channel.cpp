// SPDX-License-Identifier: Apache-2.0
#include "cli/control/channel.hpp"

#include <algorithm>

#include <poll.h>
#include <sys/random.h>

#include <fmt/format.h>

namespace control {

namespace {

using Clock = std::chrono::steady_clock;

}

bool readable(int file) {
    pollfd one{file, POLLIN, 0};
    return poll(&one, 1, 0) > 0;
}

std::uint64_t random_nonce() {
    std::uint64_t nonce = 0;
    if (getrandom(&nonce, sizeof nonce, 0) != sizeof nonce)
        throw Failure{"the kernel gives no random number: try again"};
    return nonce;
}

Channel::Channel(File socket, Milliseconds patience, std::uint64_t nonce) : peer_{std::move(socket)}, nonce_{nonce} {
    greet(patience);
}

void Channel::greet(Milliseconds patience) {
    constexpr Milliseconds between{2000};
    const auto deadline = Clock::now() + patience;
    auto again = Clock::now();
    while (!greeted_) {
        const auto now = Clock::now();
        if (now >= deadline)
            throw Failure{
                "the system does not answer: it is still booting, or its manager is stuck: try again, or look "
                "at its console"};
        if (now >= again && peer_.queued() == 0) {
            peer_.greet(nonce_);
            again = now + between;
        }
        exchange(std::chrono::ceil<Milliseconds>(std::min(deadline, std::max(again, now)) - now), {});
    }
    if (system_.version != version)
        throw Failure{fmt::format("the system speaks version {} of the control protocol, this tool version {}: use the "
                                  "tool that the system was built with",
                                  system_.version, version)};
}

void Channel::begin(Verb verb, std::string_view machine, std::uint16_t flags, std::uint64_t value) {
    session_ = static_cast<std::uint16_t>(session_ % 0xffff + 1);
    open_ = true;
    credit_ = given_ = initial_credit;
    events_.clear();
    const Request request{static_cast<std::uint16_t>(verb), flags, 0, value, array_of<Name>(machine)};
    peer_.queue(FrameType::Request, session_, bytes_of(request));
}

std::optional<Event> Channel::next(Milliseconds patience, std::span<const int> also) {
    const auto deadline = Clock::now() + patience;
    const bool blocked = credit_ == 0;
    while (events_.empty()) {
        if (!open_)
            throw Failure{"the session has ended already"};
        const auto left = std::chrono::ceil<Milliseconds>(deadline - Clock::now());
        if (patience != forever && left.count() < 0)
            return {};
        exchange(patience == forever ? forever : left, also);
        if (events_.empty() && ((blocked && credit_ != 0) || std::ranges::any_of(also, readable)))
            return {};
    }
    return take_event();
}

std::optional<Event> Channel::step(Milliseconds patience) {
    if (events_.empty())
        exchange(patience, {});
    return events_.empty() ? std::nullopt : std::optional{take_event()};
}

const Event* Channel::peek(Milliseconds patience) {
    const auto deadline = Clock::now() + patience;
    while (events_.empty() && Clock::now() < deadline)
        exchange(std::chrono::ceil<Milliseconds>(deadline - Clock::now()), {});
    return events_.empty() ? nullptr : &events_.front();
}

Event Channel::take_event() {
    Event event = std::move(events_.front());
    events_.pop_front();
    if (event.kind == FrameType::Data && open_) {
        given_ += event.bytes.size(); // consumed, and so it may come again
        peer_.queue(FrameType::Credit, session_, bytes_of(Credit{event.bytes.size()}));
    }
    return event;
}

Event Channel::next() {
    for (;;)
        if (auto event = next(forever))
            return std::move(*event);
}

void Channel::send(std::span<const std::byte> bytes) {
    credit_ -= bytes.size();
    peer_.queue(FrameType::Data, session_, bytes);
}

void Channel::resize(Resize size) {
    peer_.queue(FrameType::Resize, session_, bytes_of(size));
}

void Channel::close() {
    const End end{static_cast<std::uint16_t>(Status::Closed), 0, 0};
    peer_.queue(FrameType::End, session_, bytes_of(end));
}

Event Channel::end(Milliseconds patience) {
    const auto deadline = Clock::now() + patience;
    for (;;) {
        auto event = next(std::max(Milliseconds{0}, std::chrono::ceil<Milliseconds>(deadline - Clock::now())));
        if (!event)
            throw Failure{"the system does not answer any more: its manager is stuck: look at its console"};
        if (event->kind == FrameType::End)
            return std::move(*event);
    }
}

void Channel::exchange(Milliseconds patience, std::span<const int> also) {
    const auto broken = [&] {
        throw Failure{greeted_
                          ? "the connection to the system broke: it has ended, or its QEMU has: start it again with "
                            "`sundew run`"
                          : "the system hung up: it has ended: start it again with `sundew run`"};
    };
    if (!peer_.flush())
        broken();
    const short events = peer_.queued() != 0 ? POLLIN | POLLOUT : POLLIN;
    std::vector<pollfd> files{{peer_.file(), events, 0}};
    for (const int file : also)
        files.push_back({file, POLLIN, 0});
    if (poll(files.data(), files.size(), static_cast<int>(std::min<std::int64_t>(patience.count(), 1 << 30))) <= 0)
        return;
    if (files[0].revents & POLLOUT && !peer_.flush())
        broken();
    if (files[0].revents & (POLLIN | POLLHUP | POLLERR) &&
        !peer_.receive([&](const FrameHeader& header, std::span<const std::byte> payload) { take(header, payload); }) &&
        events_.empty())
        broken();
}

void Channel::take(const FrameHeader& header, std::span<const std::byte> payload) {
    const auto type = static_cast<FrameType>(header.type);
    if (type == FrameType::Hello) {
        const auto hello = message_in<Hello>(payload);
        if (greeted_ && hello && hello->nonce == 0)
            throw Failure{std::string{begun_anew}};
        if (hello && hello->nonce == nonce_ && header.session == 0) {
            system_ = *hello;
            greeted_ = true;
        }
        return;
    }
    if (!greeted_ || !open_ || header.session != session_)
        return; // of an earlier connection or session
    if (type == FrameType::Data) {
        take_data(payload);
    } else if (const auto credit = message_in<Credit>(payload); type == FrameType::Credit && credit) {
        constexpr std::uint64_t most = 1 << 30;
        credit_ = std::min(most, credit_ + std::min(most, credit->bytes));
    } else if (const auto lost = message_in<Lost>(payload).value_or(Lost{});
               (type == FrameType::Lost && payload.size() >= sizeof lost) || type == FrameType::Opened) {
        constexpr std::size_t events_limit = 65536;
        if (events_.size() > events_limit)
            throw Failure{"the system floods this tool: its manager is broken: restart it with `sundew run`"};
        events_.push_back({.kind = type, .lost = type == FrameType::Lost ? lost.count : 0});
    } else if (const auto end = message_in<End>(payload); type == FrameType::End && end) {
        const auto text = payload.subspan(sizeof *end).first(std::min(payload.size() - sizeof *end, text_limit));
        const auto status = end->status <= last_status ? static_cast<Status>(end->status) : Status::Failed;
        events_.push_back({.kind = type,
                           .status = status,
                           .detail = end->detail,
                           .text = {reinterpret_cast<const char*>(text.data()), text.size()}});
        open_ = false;
    } else {
        throw Failure{"the system sends what this tool does not understand: use the tool that it was built with"};
    }
}

void Channel::take_data(std::span<const std::byte> payload) {
    if (payload.size() > given_)
        throw Failure{"the system sends more than it may: its manager is broken: restart it with `sundew run`"};
    given_ -= payload.size();
    if (!payload.empty())
        events_.push_back({.kind = FrameType::Data, .bytes = {payload.begin(), payload.end()}});
}

}
