// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <csignal>
#include <optional>

#include <fmt/format.h>
#include <poll.h>

#include "cli/command.hpp"
#include "cli/control/meeting_place.hpp"
#include "cli/control/terminal.hpp"
#include "cli/verbs/system.hpp"
#include "cli/verbs/verbs.hpp"

namespace {

using control::Channel;

struct Options {
    System system;
    std::string machine, listen, program = "gdb-multiarch";
    std::filesystem::path symbols;
    std::vector<std::string> more;
    bool force = false;
};

bool readable(int file) {
    pollfd one{file, POLLIN, 0};
    return poll(&one, 1, 0) > 0;
}

/// Between debuggers, one after the other, and a machine.
class Bridge {
  public:
    Bridge(Channel& channel, const Options& options, const control::MeetingPlace& place,
           std::optional<command::Child> child)
        : channel_{channel}, machine_{options.machine}, place_{place}, child_{std::move(child)} {}

    /// Until the debugger that we have started ends, or the machine; or until Ctrl-C, if we have started none.
    int run() {
        try {
            while (!status_)
                step();
        } catch (const control::Failure&) {
            wait_for_child(); // its terminal is ours
            throw;
        }
        return *status_;
    }

  private:
    void step() {
        std::vector<int> files{signals_.file()};
        if (child_)
            files.push_back(child_->file());
        if (!debugger_)
            files.push_back(place_.file());
        else if (channel_.credit() != 0)
            files.push_back(debugger_.descriptor());
        if (const auto event = channel_.next(Channel::forever, files))
            return hear(*event);
        while (const int signal = signals_.take())
            if (!child_ || signal != SIGINT) // which is for a debugger that has our terminal: it stops the guest
                return leave(signal == SIGINT ? 0 : 128 + signal);
        if (child_ && readable(child_->file()))
            return leave(child_->wait());
        if (!debugger_ && readable(place_.file()))
            debugger_ = place_.accept();
        else if (debugger_ && channel_.credit() != 0)
            pass_on();
    }

    /// What the debugger has to say.
    void pass_on() {
        std::array<std::byte, 4096> piece;
        const ssize_t bytes =
            recv(debugger_.descriptor(), piece.data(), std::min(piece.size(), channel_.credit()), MSG_DONTWAIT);
        if (bytes > 0)
            return channel_.send(std::span{piece}.first(static_cast<std::size_t>(bytes)));
        if (bytes < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        debugger_ = {}; // for the next, the guest having gone on meanwhile
        close();
        open_watch(channel_, control::Verb::Gdb, machine_, false);
    }

    void hear(const control::Event& event) {
        for (std::span<const std::byte> rest = event.bytes; debugger_ && !rest.empty();) {
            const ssize_t bytes = send(debugger_.descriptor(), rest.data(), rest.size(), MSG_NOSIGNAL);
            if (bytes <= 0)
                break; // it has gone; its end will be read
            rest = rest.subspan(static_cast<std::size_t>(bytes));
        }
        if (event.kind != control::FrameType::End)
            return;
        require_done(channel_, control::Verb::Gdb, machine_, event);
        fmt::print(stderr, "sundew: '{}' has ended\n", machine_);
        wait_for_child();
        status_ = 0;
    }

    void wait_for_child() {
        debugger_ = {};
        if (child_)
            (void)child_->wait();
    }

    void close() {
        channel_.close();
        (void)channel_.end(answer_patience);
    }

    void leave(int status) {
        close();
        status_ = status;
    }

    Channel& channel_;
    const std::string& machine_;
    const control::MeetingPlace& place_;
    std::optional<command::Child> child_; ///< begins before signals are ours
    control::Signals signals_{SIGINT, SIGTERM, SIGHUP};
    File debugger_;
    std::optional<int> status_;
};

/// `set osabi none`: with Linux's, GDB would step by breakpoints of its own, over interrupts and LR/SC alike.
command::Child start_gdb(const Options& options, const std::string& place) {
    std::vector<std::string> words{options.program, "-q"};
    if (!options.symbols.empty())
        words.push_back(options.symbols.string());
    for (const std::string& each : {std::string{"set osabi none"}, std::string{"set architecture riscv:rv64"},
                                    std::string{"set remotetimeout 60"}, "target remote " + place})
        words.insert(words.end(), {"-ex", each});
    words.insert(words.end(), options.more.begin(), options.more.end());
    try {
        return command::Child{words};
    } catch (const std::system_error&) {
        throw control::Failure{fmt::format("{} cannot be run: install the package gdb-multiarch, name another debugger "
                                           "with --gdb, or connect one yourself with --listen",
                                           options.program)};
    }
}

int gdb(Options options) {
    Channel channel = options.system.open();
    options.machine = machine_of(channel, options.machine);
    open_watch(channel, control::Verb::Gdb, options.machine, options.force); // told before a debugger would hide it
    const control::MeetingPlace place{options.listen};
    std::optional<command::Child> child;
    if (options.listen.empty()) {
        child = start_gdb(options, place.name());
    } else {
        fmt::print("target remote {}\n", place.name());
        std::fflush(stdout);
    }
    return Bridge{channel, options, place, std::move(child)}.run();
}

}

void add_gdb(CommandLine& line) {
    const auto options = std::make_shared<Options>();
    auto verb = line.verb("gdb", "Debug a machine's guest: starts GDB, connected. Its Ctrl-C stops the guest.",
                          [options] { return gdb(*options); });
    add_machine(verb, options->machine)
        .option("--symbols", options->symbols, "the guest's ELF file, such as vmlinux")
        .option(
            "--listen", options->listen,
            "start no GDB, but wait for debuggers there until Ctrl-C: a port of localhost (0: any), or a path for a "
            "UNIX socket")
        .option("--gdb", options->program, "the debugger's program")
        .option("--with", options->more, "one more argument for the debugger; may be given again")
        .flag("--force", options->force, "in place of who debugs the machine already");
    add_system_options(verb, options->system, false);
}
