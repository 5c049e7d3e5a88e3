// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include <fcntl.h>
#include <sys/wait.h>

#include <fmt/format.h>

#include "cli/control/broker.hpp"
#include "cli/control/failure.hpp"

namespace control {

namespace {

[[noreturn]] void serve(File listener, const std::filesystem::path& control, const std::filesystem::path& system_socket,
                        File alive) {
    setsid(); // no signal of a terminal reaches it, and no terminal's end
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (const int standard : {0, 1, 2})
        dup2(null, standard);
    try {
        Broker{std::move(listener), system_socket, std::move(alive)}.run();
    } catch (const std::exception&) {
        // Out of memory: its clients see the connection break, as they would if it were killed.
    }
    unlink(control.c_str());
    unlink(system_socket.c_str());
    _exit(0);
}

}

File start_broker(const std::filesystem::path& control, const std::filesystem::path& system_socket) {
    int ends[2];
    if (pipe(ends) != 0)
        throw Failure{fmt::format("pipe: {}: close other files", std::strerror(errno))};
    File alive{ends[0]}, held{ends[1]};
    File listener = listen_on(control);
    if (!listener)
        throw Failure{fmt::format("{}: {}: name another path with --control", control.string(), std::strerror(errno))};
    // Two forks, so that it is no child of what this process becomes.
    const pid_t child = fork();
    if (child < 0)
        throw Failure{fmt::format("fork: {}: end other processes", std::strerror(errno))};
    if (child == 0) {
        held = File{};
        if (fork() == 0)
            serve(std::move(listener), control, system_socket, std::move(alive));
        _exit(0);
    }
    waitpid(child, nullptr, 0);
    fcntl(alive.descriptor(), F_SETFD, FD_CLOEXEC);
    return held;
}

}
