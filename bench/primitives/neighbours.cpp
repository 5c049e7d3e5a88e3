// SPDX-License-Identifier: Apache-2.0
#include "bench/primitives/neighbours.hpp"

#include <algorithm>

void wait_until(const Platform& platform, std::uint64_t ticks) {
    write_csr<csr::sie>(interrupt_bit::timer);
    set_timer(platform, ticks);
    while (now() < ticks)
        wait_for_interrupt();
    set_timer(platform, ~std::uint64_t{0});
    write_csr<csr::sie>(0);
}

namespace {

/// From the third to the fourth second: all others have started by then, and none has ended.
void count_idle(const Platform& platform) {
    wait_until(platform, 2 * platform.hertz);
    const std::uint64_t before = read_csr<csr::instret>();
    wait_until(platform, 3 * platform.hertz);
    print_figure(platform, "idle-second", read_csr<csr::instret>() - before, "instructions");
    wait_until(platform, 5 * platform.hertz); // what is printed is no exit of the others'
}

/// How late a timer's interrupt is noticed at most, and on the average, from 0.3 seconds after power-on until `end`.
void wake_up(const Platform& platform, std::uint64_t end) {
    constexpr std::uint64_t per_second = 1'000'000'000;
    const std::uint64_t period = platform.hertz / 10'000;
    std::uint64_t latest = 0, sum = 0, count = 0;
    wait_until(platform, platform.hertz * 3 / 10);
    for (; now() < end; ++count) {
        const std::uint64_t deadline = now() + period + count % 7; // at another moment of what others do each time
        wait_until(platform, deadline);
        const std::uint64_t late = now() - deadline;
        latest = std::max(latest, late);
        sum += late;
    }
    print_figure(platform, "wake-up-latest", latest * per_second / platform.hertz, "ns");
    print_figure(platform, "wake-up-average", sum * per_second / platform.hertz / count, "ns");
}

[[noreturn]] void wait_for_ever(const Platform& platform) {
    print(platform, "waiting\n");
    for (;;)
        wait_for_interrupt();
}

void keep_busy(const Platform& platform) {
    while (now() < platform.hertz * 6 / 10)
        for (int i = 0; i < 100; ++i) {
            bare_call(sbi::Extension::Base);
            bare_call(sbi::Extension::RemoteFence, 1, 1, platform.hart_ids[0]);
            (void)*reinterpret_cast<volatile std::uint8_t*>(platform.uart + 5);
            for (volatile int spin = 0; spin < 1000; spin = spin + 1) {
            }
        }
}

/// Of the clock of QEMU's `virt` (Goldfish), which the benchmarks have begin with a minute; this machine's own time
/// begins with each of its starts.
std::uint64_t second_of_the_minute() {
    const auto* clock = reinterpret_cast<volatile std::uint32_t*>(0x10'1000);
    const std::uint64_t low = clock[0]; // reading it latches the high word
    return (std::uint64_t{clock[1]} << 32 | low) / 1'000'000'000 % 60;
}

}

void be_a_neighbour(const Platform& platform) {
    if (platform.command_line == "count-idle")
        count_idle(platform);
    else if (platform.command_line == "wake-up")
        wake_up(platform, platform.hertz / 2);
    else if (platform.command_line == "wake-up-long")
        wake_up(platform, platform.hertz * 5 / 2);
    else if (platform.command_line == "wait")
        wait_for_ever(platform);
    else if (platform.command_line == "busy")
        keep_busy(platform);
    else if (platform.command_line == "come-and-go")
        shut_down(second_of_the_minute() < 2 ? 1 : 0);
    else
        return;
    shut_down(0);
}
