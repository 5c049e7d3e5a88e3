// SPDX-License-Identifier: Apache-2.0
#include "cli/control/meeting_place.hpp"

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <optional>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "cli/control/failure.hpp"
#include "cli/control/peer.hpp"

namespace control {

namespace {

std::optional<std::uint16_t> port_in(const std::string& text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    return error == std::errc{} && end == text.data() + text.size() ? std::optional{port} : std::nullopt;
}

[[noreturn]] void fail(const std::string& where) {
    throw Failure{fmt::format("{}: {}: name another place with --listen", where, std::strerror(errno))};
}

}

MeetingPlace::MeetingPlace(const std::string& where) {
    if (const auto port = port_in(where))
        listen_on_port(*port);
    else
        listen_on_path(where.empty() ? private_folder() / "gdb" : std::filesystem::path{where});
}

const std::filesystem::path& MeetingPlace::private_folder() {
    std::string folder = (std::filesystem::temp_directory_path() / "sundew-XXXXXX").string();
    if (!mkdtemp(folder.data()))
        fail(folder);
    return folder_ = folder;
}

MeetingPlace::~MeetingPlace() {
    std::error_code ignored; // what somebody else has removed is gone too
    if (!path_.empty())
        std::filesystem::remove(path_, ignored);
    if (!folder_.empty())
        std::filesystem::remove(folder_, ignored);
}

void MeetingPlace::listen_on_port(std::uint16_t port) {
    listener_ = File{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    socklen_t bytes = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (!listener_ || setsockopt(listener_.descriptor(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(listener_.descriptor(), any, sizeof address) != 0 || listen(listener_.descriptor(), 1) != 0 ||
        getsockname(listener_.descriptor(), any, &bytes) != 0)
        fail(fmt::format("port {}", port));
    name_ = fmt::format("localhost:{}", ntohs(address.sin_port));
}

void MeetingPlace::listen_on_path(const std::filesystem::path& path) {
    listener_ = listen_on(path);
    if (!listener_)
        fail(path.string());
    path_ = path;
    name_ = path.string();
}

File MeetingPlace::accept() const {
    return File{accept4(file(), nullptr, nullptr, SOCK_CLOEXEC)};
}

}
