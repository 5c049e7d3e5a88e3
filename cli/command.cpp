// SPDX-License-Identifier: Apache-2.0
#include "cli/command.hpp"

#include <array>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

extern char** environ;

namespace command {

namespace {

[[noreturn]] void fail(int error, const std::string& what) {
    throw std::system_error{error, std::generic_category(), what};
}

std::vector<char*> pointers(const std::vector<std::string>& words) {
    std::vector<char*> result;
    for (const std::string& word : words)
        result.push_back(const_cast<char*>(word.c_str())); // exec's interface wants it so, and changes nothing
    result.push_back(nullptr);
    return result;
}

pid_t spawn(const std::vector<std::string>& words, const posix_spawn_file_actions_t* actions) {
    pid_t child = 0;
    if (const int error = posix_spawnp(&child, words[0].c_str(), actions, nullptr, pointers(words).data(), environ);
        error != 0)
        fail(error, words[0]);
    return child;
}

int wait_for(pid_t child) {
    int status = 0;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            fail(errno, "waitpid");
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}

std::string quote(const std::vector<std::string>& words) {
    std::string line;
    for (const std::string& word : words) {
        if (!line.empty())
            line += ' ';
        const bool plain = !word.empty() && word.find_first_of(" \t\n'\"\\$`*?[]{}()<>|&;#~!") == std::string::npos;
        if (plain) {
            line += word;
            continue;
        }
        line += '\'';
        for (const char c : word)
            line += c == '\'' ? std::string{"'\\''"} : std::string{c};
        line += '\'';
    }
    return line;
}

void become(const std::vector<std::string>& words) {
    execvp(words[0].c_str(), pointers(words).data());
    fail(errno, words[0]);
}

int run(const std::vector<std::string>& words) {
    return wait_for(spawn(words, nullptr));
}

Output capture(const std::vector<std::string>& words) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        fail(errno, "pipe");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
    const pid_t child = spawn(words, &actions);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    Output output;
    std::array<char, 4096> piece;
    for (ssize_t bytes; (bytes = read(ends[0], piece.data(), piece.size())) > 0;)
        output.text.append(piece.data(), static_cast<std::size_t>(bytes));
    close(ends[0]);
    output.status = wait_for(child);
    return output;
}

Child::Child(const std::vector<std::string>& words)
    : process_{spawn(words, nullptr)}, ended_{static_cast<int>(syscall(SYS_pidfd_open, process_, 0))} {
    if (!ended_)
        fail(errno, "pidfd_open");
}

int Child::wait() {
    return wait_for(process_);
}

}
