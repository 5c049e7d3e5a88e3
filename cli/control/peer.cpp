// SPDX-License-Identifier: Apache-2.0
#include "cli/control/peer.hpp"

#include <cstring>

#include <sys/un.h>

namespace control {

namespace {

/// The address of a path; nothing, and errno, if that is too long for one.
std::optional<sockaddr_un> address_of(const std::filesystem::path& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.native().size() >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return {};
    }
    std::memcpy(address.sun_path, path.c_str(), path.native().size());
    return address;
}

File unix_socket() {
    return File{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
}

}

File connect_to(const std::filesystem::path& path) {
    const auto address = address_of(path);
    if (!address)
        return {};
    File file = unix_socket();
    if (file && connect(file.descriptor(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0)
        return {};
    return file;
}

File listen_on(const std::filesystem::path& path) {
    constexpr int backlog = 16;
    const auto address = address_of(path);
    if (!address)
        return {};
    File file = unix_socket();
    if (file && (bind(file.descriptor(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0 ||
                 listen(file.descriptor(), backlog) != 0))
        return {};
    return file;
}

Peer::Peer(File socket) : socket_{std::move(socket)} {}

void Peer::greet(std::uint64_t nonce) {
    Hello hello{};
    hello.magic = hello_magic;
    hello.version = version;
    hello.nonce = nonce;
    out_.resize(out_.size() + preamble_bytes);
    queue(FrameType::Hello, 0, bytes_of(hello));
}

void Peer::queue(FrameType type, std::uint16_t session, std::span<const std::byte> first,
                 std::span<const std::byte> second) {
    const std::size_t at = out_.size();
    out_.resize(at + frame_overhead + first.size() + second.size());
    encode(std::span{out_}.subspan(at), type, session, first, second);
}

bool Peer::flush() {
    while (queued() != 0) {
        const ssize_t bytes = send(file(), out_.data() + written_, queued(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (bytes < 0)
            return errno == EAGAIN || errno == EINTR;
        written_ += static_cast<std::size_t>(bytes);
    }
    out_.clear();
    written_ = 0;
    return true;
}

}
