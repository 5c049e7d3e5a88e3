// SPDX-License-Identifier: Apache-2.0
// In the host of KVM: copies the console of the guest, and counts the instructions between the marks in it
// (bench/linux/count.cpp), all of the host's and its user-space part's among them.
#include "bench/linux/counter.hpp"
#include "bench/linux/line.hpp"

namespace {

constexpr std::uint64_t in = 0, out = 1;

/// Runs as soon as there is something to read, before what runs in the guest (sched_setscheduler(2), SCHED_FIFO).
void be_first() {
    constexpr std::uint64_t fifo = 1, self = 0;
    const std::int32_t priority = 1;
    os::call(os::Call::SchedSetscheduler, self, fifo, os::address(&priority));
}

void write(std::string_view text) {
    os::call(os::Call::Write, out, os::address(text.data()), text.size());
}

class Relay {
  public:
    void take(char c) {
        if (c == mark::begin) {
            name_ = line_;
            before_ = counter_.read();
        } else if (c == mark::end) {
            end();
        } else if (c == '\n' || c == '\r') {
            line_ = {};
        } else {
            line_ << std::string_view{&c, 1};
        }
        if (c != mark::begin && c != mark::end)
            write({&c, 1});
    }

  private:
    void end() const {
        const auto after = counter_.read();
        Line line;
        line << "\nbench: " << name_.text();
        if (before_ && after)
            write((line << " " << *after - *before_ << " instructions\n").text());
        else
            write((line << " - the host has no counter of instructions\n").text());
    }

    Counter counter_;
    Line line_, name_;
    std::optional<std::uint64_t> before_;
};

extern "C" [[noreturn, gnu::used]] void run_relay() {
    be_first();
    Relay relay;
    char piece[256];
    for (;;) {
        const std::int64_t bytes = os::call(os::Call::Read, in, os::address(piece), sizeof piece);
        for (std::int64_t i = 0; i < bytes; ++i)
            relay.take(piece[i]);
        if (bytes <= 0)
            os::call(os::Call::Exit);
    }
}

}

asm(".globl _start\n_start: j run_relay");
