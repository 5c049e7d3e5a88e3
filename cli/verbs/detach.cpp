// SPDX-License-Identifier: Apache-2.0
#include "cli/verbs/detach.hpp"

#include <chrono>
#include <cstring>
#include <fstream>
#include <iterator>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/command.hpp"
#include "cli/control/channel.hpp"
#include "cli/verbs/verbs.hpp"

namespace {

using control::Failure;

[[noreturn]] void become_background(const systems::Claim& claim, const std::vector<std::string>& words) {
    setsid();
    const int log = open(claim.paths.log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (log < 0 || null < 0)
        _exit(failed);
    dup2(null, STDIN_FILENO);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    try {
        claim.own();
        command::become(words);
    } catch (const std::exception& error) {
        fmt::print(stderr, "{}\n", error.what());
    }
    _exit(failed);
}

/// The end of a log, for a person who wants to know what went wrong.
std::string last_lines(const std::filesystem::path& file) {
    constexpr std::size_t most = 2000;
    std::ifstream stream{file, std::ios::binary};
    const std::string text{std::istreambuf_iterator<char>{stream}, {}};
    return text.size() <= most ? text : text.substr(text.size() - most);
}

/// Whether the system answers before `patience` is over. Throws Failure if its QEMU has ended.
bool answers(const systems::Claim& claim, pid_t qemu, std::chrono::seconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < deadline) {
        int status = 0;
        if (waitpid(qemu, &status, WNOHANG) == qemu)
            throw Failure{fmt::format("{}\nsundew: the system has ended already: this is the end of its log, {}",
                                      last_lines(claim.paths.log), claim.paths.log.string())};
        try {
            constexpr control::Channel::Milliseconds moment{500};
            if (File file = control::connect_to(claim.paths.control))
                return control::Channel{std::move(file), moment}, true;
        } catch (const Failure&) { // not yet
        }
    }
    return false;
}

}

int start_in_background(const systems::Claim& claim, File alive, const std::vector<std::string>& words) {
    constexpr std::chrono::seconds patience{60};
    const pid_t child = fork();
    if (child < 0)
        throw Failure{fmt::format("fork: {}: end other processes", std::strerror(errno))};
    if (child == 0)
        become_background(claim, words); // with `alive`, and the lock
    alive = File{};
    const bool ready = answers(claim, child, patience);
    fmt::print("{}: {}; what it says goes to {}\n", claim.name.empty() ? claim.paths.control.string() : claim.name,
               ready ? "runs in the background" : "was started in the background, and does not answer yet",
               claim.paths.log.string());
    return 0;
}
