// SPDX-License-Identifier: Apache-2.0
#include "bench/linux/loops.hpp"

#include <cstring>

namespace loops {

namespace {

using os::address, os::call, os::Call;

std::byte from[1 << 20], to[1 << 20];

/// Integer arithmetic: the primes below some number, by division.
void compute() {
    std::uint64_t primes = 0;
    for (std::uint64_t candidate = 3; candidate < 4000; candidate += 2) {
        std::uint64_t divisor = 3;
        while (divisor * divisor <= candidate && candidate % divisor != 0)
            divisor += 2;
        primes += divisor * divisor > candidate;
        asm volatile("" ::"r"(primes));
    }
}

void copy() {
    std::memcpy(to, from, sizeof from);
    asm volatile("" ::: "memory");
}

void ask() {
    call(Call::Getppid);
}

/// A process that ends at once.
void fork() {
    constexpr std::uint64_t child_signal = 17; // SIGCHLD
    const std::int64_t child = call(Call::Clone, child_signal);
    if (child == 0)
        call(Call::Exit);
    call(Call::Wait4, static_cast<std::uint64_t>(child));
}

/// Fresh memory, page by page, and back.
void touch() {
    constexpr std::uint64_t bytes = 64 * 4096, read_write = 3, private_anonymous = 0x22;
    const std::int64_t memory =
        call(Call::Mmap, 0, bytes, read_write, private_anonymous, static_cast<std::uint64_t>(-1));
    for (std::uint64_t at = 0; at < bytes; at += 4096)
        *reinterpret_cast<volatile std::uint8_t*>(static_cast<std::uint64_t>(memory) + at) = 1;
    call(Call::Munmap, static_cast<std::uint64_t>(memory), bytes);
}

void measure(const os::File& console, Print figure, std::string_view name, std::uint64_t rounds, auto action) {
    for (std::uint64_t i = 0; i < rounds / 10 + 1; ++i)
        action();
    const std::uint64_t before = os::monotonic();
    for (std::uint64_t i = 0; i < rounds; ++i)
        action();
    figure(console, name, (os::monotonic() - before) / rounds);
}

/// Two processes send each other a byte through two pipes: two switches a round.
void play(const os::File& console, Print figure) {
    constexpr std::uint64_t child_signal = 17;
    std::int32_t there[2], back[2];
    std::byte ball{};
    call(Call::Pipe2, address(there));
    call(Call::Pipe2, address(back));
    const auto read = [&](std::int32_t end) {
        return call(Call::Read, static_cast<std::uint64_t>(end), address(&ball), 1) == 1;
    };
    const auto write = [&](std::int32_t end) { call(Call::Write, static_cast<std::uint64_t>(end), address(&ball), 1); };
    const std::int64_t child = call(Call::Clone, child_signal);
    if (child == 0) {
        call(Call::Close, static_cast<std::uint64_t>(there[1]));
        while (read(there[0]))
            write(back[1]);
        call(Call::Exit);
    }
    measure(console, figure, "pipe-round-trip", 2000, [&] {
        write(there[1]);
        (void)read(back[0]);
    });
    call(Call::Close, static_cast<std::uint64_t>(there[1]));
    call(Call::Wait4, static_cast<std::uint64_t>(child));
}

}

void run(const os::File& console, Print figure) {
    measure(console, figure, "primes", 50, compute);
    measure(console, figure, "copy-1m", 50, copy);
    measure(console, figure, "system-call", 20'000, ask);
    measure(console, figure, "touch-64-pages", 200, touch);
    measure(console, figure, "fork-exit-wait", 200, fork);
    play(console, figure);
}

}
