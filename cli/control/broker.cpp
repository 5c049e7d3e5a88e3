// SPDX-License-Identifier: Apache-2.0
#include "cli/control/broker.hpp"

#include <chrono>

#include <poll.h>

#include "cli/control/channel.hpp"

namespace control {

namespace {

constexpr std::size_t client_limit = 128, sessions_limit = 1024;
/// While so much waits for the system, nothing more is read from clients. A client for which so much waits is dropped:
/// credit keeps what an honest system sends below that.
constexpr std::size_t wire_backlog = 1 << 20, client_backlog = 16 << 20;
constexpr std::int64_t greet_every = 5000; // milliseconds

std::int64_t milliseconds() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

}

Broker::Broker(File listener, std::filesystem::path system_socket, File alive)
    : listener_{std::move(listener)}, system_socket_{std::move(system_socket)}, alive_{std::move(alive)},
      nonce_{random_nonce()} {}

void Broker::run() {
    while (step()) {
    }
}

/// Connects as soon as QEMU listens, and greets until the system answers.
bool Broker::connect_wire() {
    if (!wire_) {
        File socket = connect_to(system_socket_);
        if (!socket)
            return bool{alive_};
        wire_ = std::make_unique<Peer>(std::move(socket));
    }
    if (!system_ && wire_->queued() == 0 && (greeted_ == 0 || milliseconds() - greeted_ >= greet_every)) {
        wire_->greet(nonce_);
        greeted_ = milliseconds();
    }
    return wire_->flush();
}

bool Broker::step() {
    if (!connect_wire())
        return false;
    std::vector<pollfd> files{
        {listener_.descriptor(), POLLIN, 0}, {alive_.descriptor(), 0, 0}, {wire_ ? wire_->file() : -1, POLLIN, 0}};
    const bool full = !wire_ || wire_->queued() > wire_backlog;
    if (wire_ && wire_->queued() != 0)
        files[2].events |= POLLOUT;
    for (const Client& client : clients_) {
        const short in = full ? 0 : POLLIN, out = client.peer.queued() != 0 ? POLLOUT : 0;
        files.push_back({client.peer.file(), static_cast<short>(in | out), 0});
    }
    constexpr int soon = 50, later = 1000; // milliseconds: until QEMU listens; until the system answers
    if (poll(files.data(), files.size(), !wire_ ? soon : system_ ? -1 : later) < 0)
        return errno == EINTR;
    if (files[1].revents != 0) // QEMU has ended; what it said last comes before the connection's end
        alive_ = File{};
    if (!serve_wire(files[2].revents))
        return false;
    std::size_t i = 3;
    for (Client& client : clients_)
        serve(client, files[i++].revents);
    for (Client& client : clients_)
        if (client.gone)
            end_sessions(client);
    clients_.remove_if([](const Client& client) { return client.gone; });
    if (files[0].revents & POLLIN)
        accept_client();
    return true;
}

void Broker::accept_client() {
    File socket{accept4(listener_.descriptor(), nullptr, nullptr, SOCK_CLOEXEC)};
    if (socket && clients_.size() < client_limit)
        clients_.push_back({.peer = Peer{std::move(socket)}, .sessions = {}});
}

bool Broker::serve_wire(short events) {
    if (events == 0)
        return true;
    return wire_->flush() &&
           (!(events & ~POLLOUT) || wire_->receive([&](const FrameHeader& header, std::span<const std::byte> payload) {
               from_wire(header, payload);
           }));
}

void Broker::serve(Client& client, short events) {
    if (events & ~POLLOUT && !client.gone)
        client.gone = !client.peer.receive([&](const FrameHeader& header, std::span<const std::byte> payload) {
            from_client(client, header, payload);
        });
    if (!client.peer.flush() || client.peer.queued() > client_backlog)
        client.gone = true;
}

void Broker::from_wire(const FrameHeader& header, std::span<const std::byte> payload) {
    const auto type = static_cast<FrameType>(header.type);
    if (type == FrameType::Hello) {
        const auto hello = message_in<Hello>(payload);
        if (system_ && hello && hello->nonce == 0)
            return begin_anew();
        if (system_ || !hello || hello->nonce != nonce_)
            return;
        system_ = *hello;
        for (Client& client : clients_)
            answer_hello(client);
        return;
    }
    const auto found = sessions_.find(header.session);
    if (!system_ || found == sessions_.end())
        return;
    const Session session = found->second;
    if (type == FrameType::End)
        sessions_.erase(found);
    if (!session.client)
        return;
    session.client->peer.queue(type, session.number, payload);
    if (type == FrameType::End)
        session.client->sessions.erase(session.number);
}

/// The system's console service is another one, which knows of no session.
void Broker::begin_anew() {
    for (const auto& [wire, session] : std::exchange(sessions_, {}))
        if (session.client)
            end(*session.client, session.number, Status::Failed, begun_anew);
    for (Client& client : clients_)
        client.sessions.clear();
    system_.reset();
    greeted_ = 0;
}

void Broker::from_client(Client& client, const FrameHeader& header, std::span<const std::byte> payload) {
    const auto type = static_cast<FrameType>(header.type);
    if (type == FrameType::Hello) {
        end_sessions(client); // one that begins anew has forgotten them
        client.nonce = message_in<Hello>(payload).value_or(Hello{}).nonce;
        client.asks = true;
        return answer_hello(client);
    }
    if (!system_ || client.asks)
        return;
    if (type == FrameType::Request)
        return begin(client, header.session, payload);
    if (const auto found = client.sessions.find(header.session); found != client.sessions.end())
        wire_->queue(type, found->second, payload);
}

void Broker::begin(Client& client, std::uint16_t number, std::span<const std::byte> payload) {
    if (client.sessions.contains(number) || number == 0) {
        client.gone = true; // it does not know what it does
        return;
    }
    if (sessions_.size() >= sessions_limit)
        return end(client, number, Status::TooMany, "sessions of all processes of this tool");
    do
        ++last_;
    while (last_ == 0 || sessions_.contains(last_));
    sessions_[last_] = {&client, number};
    client.sessions[number] = last_;
    wire_->queue(FrameType::Request, last_, payload);
}

void Broker::answer_hello(Client& client) {
    if (!system_ || !client.asks)
        return;
    Hello hello = *system_;
    hello.nonce = client.nonce;
    client.asks = false;
    client.peer.queue(FrameType::Hello, 0, bytes_of(hello));
}

void Broker::end(Client& client, std::uint16_t number, Status status, std::string_view text) {
    const End message{static_cast<std::uint16_t>(status), 0, 0};
    client.peer.queue(FrameType::End, number, bytes_of(message), std::as_bytes(std::span{text}));
}

void Broker::end_sessions(Client& client) {
    const End closed{static_cast<std::uint16_t>(Status::Closed), 0, 0};
    for (const auto& [number, wire] : std::exchange(client.sessions, {})) {
        sessions_[wire].client = nullptr;
        wire_->queue(FrameType::End, wire, bytes_of(closed));
    }
}

}
