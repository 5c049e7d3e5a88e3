// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include <cerrno>
#include <sys/socket.h>

#include "base/control_frames.hpp"
#include "cli/control/file.hpp"

namespace control {

/// Connects to a UNIX socket, or listens on one. The file is not open if that fails; errno says why.
File connect_to(const std::filesystem::path& path);
File listen_on(const std::filesystem::path& path);

/// A socket at whose other end frames are spoken. Never blocks.
class Peer {
  public:
    explicit Peer(File socket);
    int file() const { return socket_.descriptor(); }

    /// How a new connection begins on the host's side.
    void greet(std::uint64_t nonce);
    void queue(FrameType type, std::uint16_t session, std::span<const std::byte> first,
               std::span<const std::byte> second = {});
    /// Bytes that wait for `flush`.
    std::size_t queued() const { return out_.size() - written_; }
    /// Writes as much as goes; whether the other side is still there.
    bool flush();
    /// Reads once, and calls `sink` as Decoder::feed does; whether the other side is still there.
    template <class Sink>
    bool receive(Sink&& sink) {
        std::array<std::byte, 32 << 10> piece;
        const ssize_t bytes = recv(file(), piece.data(), piece.size(), MSG_DONTWAIT);
        if (bytes < 0)
            return errno == EAGAIN || errno == EINTR;
        decoder_.feed(std::span{piece}.first(static_cast<std::size_t>(bytes)), sink);
        return bytes != 0;
    }

  private:
    File socket_;
    std::unique_ptr<Decoder::Storage> storage_ = std::make_unique<Decoder::Storage>();
    Decoder decoder_{*storage_};
    std::vector<std::byte> out_;
    std::size_t written_ = 0; ///< of `out_`
};

}
