// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <csignal>
#include <cstring>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <unistd.h>

#include "cli/command.hpp"
#include "cli/control/explain.hpp"
#include "cli/verbs/system.hpp"
#include "cli/verbs/verbs.hpp"

namespace {

using control::Channel;

struct Options {
    System system;
    std::string machine;
    std::string program = "gdb-multiarch";
    std::filesystem::path symbols;
    std::vector<std::string> more;
    std::uint64_t port = 0;
    bool force = false, stdio = false;
};

void write_all(int file, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t done = write(file, bytes.data(), bytes.size());
        if (done <= 0)
            throw control::Failure{"the debugger has hung up"};
        bytes = bytes.subspan(static_cast<std::size_t>(done));
    }
}

Channel attach(const Options& options) {
    Channel channel = options.system.open();
    channel.begin(control::Verb::Gdb, options.machine, options.force ? control::flag::force : std::uint16_t{0});
    // A refusal comes at once. It is told before a debugger starts, which would hide it.
    constexpr Channel::Milliseconds moment{300};
    if (const control::Event* event = channel.peek(moment); event && event->kind == control::FrameType::End)
        require_done(channel, control::Verb::Gdb, options.machine, *event);
    return channel;
}

/// Carries bytes between a debugger and the machine, until the one or the other ends.
void bridge(Channel& channel, const std::string& machine, int in, int out) {
    std::array<std::byte, 4096> piece;
    for (;;) {
        const auto files = std::span{&in, channel.credit() != 0 ? 1u : 0u};
        if (const auto event = channel.next(Channel::forever, files)) {
            write_all(out, event->bytes);
            if (event->kind != control::FrameType::End)
                continue;
            return require_done(channel, control::Verb::Gdb, machine, *event);
        }
        const ssize_t bytes = read(in, piece.data(), std::min(piece.size(), channel.credit()));
        if (bytes <= 0)
            break; // the debugger has ended
        channel.send(std::span{piece}.first(static_cast<std::size_t>(bytes)));
    }
    constexpr Channel::Milliseconds soon{2000};
    channel.close();
    (void)channel.end(soon);
}

/// For other debuggers' front ends: one connection on a port of this machine alone.
int serve_port(const Options& options) {
    Channel channel = attach(options);
    const File listener{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(options.port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    setsockopt(listener.descriptor(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener.descriptor(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        listen(listener.descriptor(), 1) != 0)
        throw control::Failure{
            fmt::format("port {}: {}: name another with --port", options.port, std::strerror(errno))};
    fmt::print("waiting for a debugger: target remote localhost:{}\n", options.port);
    std::fflush(stdout);
    const File debugger{accept4(listener.descriptor(), nullptr, nullptr, SOCK_CLOEXEC)};
    bridge(channel, options.machine, debugger.descriptor(), debugger.descriptor());
    return 0;
}

/// GDB itself, which runs this tool again as its connection.
[[noreturn]] void become_gdb(const Options& options) {
    {
        Channel channel = attach(options); // whether that can be
        channel.close();
        (void)channel.end(answer_patience);
    }
    std::vector<std::string> bridge{std::filesystem::canonical("/proc/self/exe").string(),
                                    "gdb",
                                    options.machine,
                                    "--stdio",
                                    "--control",
                                    options.system.socket().string()};
    if (options.force)
        bridge.push_back("--force");
    std::vector<std::string> words{options.program, "-q", "-ex", "set architecture riscv:rv64"};
    if (!options.symbols.empty())
        words.insert(words.end(), {"-ex", fmt::format("file {}", options.symbols.string())});
    words.insert(words.end(), {"-ex", "target remote | exec " + command::quote(bridge)});
    words.insert(words.end(), options.more.begin(), options.more.end());
    try {
        command::become(words);
    } catch (const std::exception&) {
        throw control::Failure{fmt::format("{} cannot be run: install the package gdb-multiarch, or name another "
                                           "debugger with --gdb",
                                           options.program)};
    }
}

int gdb(const Options& options) {
    require_name(options.machine);
    if (options.stdio) {
        std::signal(SIGINT, SIG_IGN); // Ctrl-C is for GDB, which sends it on as a byte
        std::signal(SIGPIPE, SIG_IGN);
        Channel channel = attach(options);
        bridge(channel, options.machine, STDIN_FILENO, STDOUT_FILENO);
        return 0;
    }
    if (options.port != 0) {
        std::signal(SIGPIPE, SIG_IGN);
        return serve_port(options);
    }
    become_gdb(options);
}

}

void add_gdb(CommandLine& line) {
    const auto options = std::make_shared<Options>();
    auto verb = line.verb("gdb", "Debug a machine's guest: starts GDB, connected. Ctrl-C stops the guest.",
                          [options] { return gdb(*options); });
    verb.word("machine", options->machine, "the machine's name")
        .option("--symbols", options->symbols, "the guest's ELF file, such as vmlinux")
        .option("--gdb", options->program, "the debugger's program")
        .option("--with", options->more, "one more argument for the debugger; may be given again")
        .number("--port", options->port, 0, 65535,
                "in place of GDB, wait for any debugger on this TCP port of localhost")
        .flag("--force", options->force, "also if someone is attached, in that one's place")
        .flag("--stdio", options->stdio, "speak GDB's protocol on standard input and output");
    add_system_options(verb, options->system, false);
}
