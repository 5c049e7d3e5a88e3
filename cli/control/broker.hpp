// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <list>
#include <map>

#include "cli/control/peer.hpp"

namespace control {

/// Stands between the one connection to a running system and any number of the tool's processes. To these it is the
/// system; to the system it is the host, with their sessions under numbers of its own.
class Broker {
  public:
    /// `alive` reaches its end when QEMU does; it may be no file, and then the connection's end is QEMU's.
    Broker(File listener, std::filesystem::path system_socket, File alive);
    /// Until the system is gone.
    void run();

  private:
    struct Client {
        Peer peer;
        std::uint64_t nonce = 0; ///< of its Hello
        bool asks = false;       ///< it has sent one that is not answered yet
        bool gone = false;
        std::map<std::uint16_t, std::uint16_t> sessions; ///< its numbers, and those on the wire
    };
    /// A session on the wire.
    struct Session {
        Client* client; ///< null: it has gone, and only the system's End is waited for
        std::uint16_t number;
    };

    bool connect_wire();
    bool step();
    void accept_client();
    bool serve_wire(short events);
    void serve(Client& client, short events);
    void from_wire(const FrameHeader& header, std::span<const std::byte> payload);
    void from_client(Client& client, const FrameHeader& header, std::span<const std::byte> payload);
    void begin(Client& client, std::uint16_t number, std::span<const std::byte> payload);
    void answer_hello(Client& client);
    void begin_anew();
    void end(Client& client, std::uint16_t number, Status status, std::string_view text);
    void end_sessions(Client& client);

    File listener_;
    std::filesystem::path system_socket_;
    File alive_;
    std::unique_ptr<Peer> wire_;
    std::uint64_t nonce_;
    std::int64_t greeted_ = 0; ///< when last, in milliseconds
    std::optional<Hello> system_;
    std::list<Client> clients_;
    std::map<std::uint16_t, Session> sessions_;
    std::uint16_t last_ = 0;
};

/// Starts a broker as a process of its own, which ends when nobody has the returned file open any more: QEMU is to
/// inherit it. Throws Failure.
File start_broker(const std::filesystem::path& control, const std::filesystem::path& system_socket);

}
