// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <csignal>

#include <fmt/format.h>
#include <unistd.h>

#include "cli/control/terminal.hpp"
#include "cli/verbs/system.hpp"
#include "cli/verbs/verbs.hpp"

namespace {

using control::Channel;

constexpr char detach_key = 0x1d; // Ctrl-], as of telnet and virsh

/// One attachment, from the first byte to the last.
class Console {
  public:
    Console(Channel& channel, const std::string& machine) : channel_{channel}, machine_{machine} {}

    /// Until someone ends it; the exit status.
    int run() {
        std::array<int, 2> files{};
        resize();
        for (;;) {
            std::size_t count = 0;
            files[count++] = signals_.file();
            if (input_ && channel_.credit() != 0)
                files[count++] = STDIN_FILENO;
            if (const auto event = channel_.next(Channel::forever, std::span{files}.first(count))) {
                if (show(*event))
                    return 0;
                continue;
            }
            while (const int signal = signals_.take()) {
                if (signal != SIGWINCH)
                    return leave(signal == SIGINT ? 0 : 128 + signal);
                resize();
            }
            if (count == 2 && control::readable(STDIN_FILENO) && type())
                return leave(0);
        }
    }

  private:
    void resize() {
        if (const auto size = terminal_.size())
            channel_.resize(*size);
    }

    /// Whether that was the session's end.
    bool show(const control::Event& event) {
        if (event.kind == control::FrameType::Lost)
            fmt::print("\n[{} bytes are missing here]\n", event.lost);
        std::fwrite(event.bytes.data(), 1, event.bytes.size(), stdout);
        std::fflush(stdout);
        if (event.kind != control::FrameType::End)
            return false;
        require_done(channel_, control::Verb::Console, machine_, event);
        return true;
    }

    /// Sends what was typed, as far as there is credit; whether the detach key was among it.
    bool type() {
        std::array<char, 1024> piece;
        const ssize_t got = read(STDIN_FILENO, piece.data(), std::min(piece.size(), channel_.credit()));
        if (got == 0)
            input_ = false; // from here on this only shows
        if (got <= 0)
            return false;
        std::string_view typed{piece.data(), static_cast<std::size_t>(got)};
        const std::size_t key = terminal_.raw() ? typed.find(detach_key) : typed.npos;
        typed = typed.substr(0, key); // npos: all of it
        if (!typed.empty())
            channel_.send(std::as_bytes(std::span{typed}));
        return key != typed.npos;
    }

    /// The session's end, so that what was typed last arrives.
    int leave(int status) {
        constexpr Channel::Milliseconds soon{2000};
        channel_.close();
        (void)channel_.end(soon);
        return status;
    }

    Channel& channel_;
    const std::string& machine_;
    control::Signals signals_{SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH};
    control::RawTerminal terminal_{STDIN_FILENO};
    bool input_ = true;
};

int console(const System& system, const std::string& named, bool fresh) {
    Channel channel = system.open();
    const std::string machine = machine_of(channel, named);
    channel.begin(control::Verb::Console, machine, fresh ? control::flag::fresh : std::uint16_t{0});
    const bool people = isatty(STDIN_FILENO) != 0;
    if (people)
        fmt::print(stderr, "Attached to '{}'; Ctrl-] detaches.\n", machine);
    int status = failed;
    try {
        status = Console{channel, machine}.run();
    } catch (const control::Failure&) {
        if (people)
            fmt::print(stderr, "\n"); // the message begins a line, wherever the guest's output has left the cursor
        throw;
    }
    if (people)
        fmt::print(stderr, "\nDetached from '{}'.\n", machine);
    return status;
}

}

void add_console(CommandLine& line) {
    struct Options {
        System system;
        std::string machine;
        bool fresh = false;
    };
    const auto options = std::make_shared<Options>();
    auto verb = line.verb("console", "Attach to a machine's console; Ctrl-] detaches, and the machine goes on.",
                          [options] { return console(options->system, options->machine, options->fresh); });
    add_machine(verb, options->machine).flag("--fresh", options->fresh, "without what it has said before");
    add_system_options(verb, options->system, false);
}
