// SPDX-License-Identifier: Apache-2.0
#include "bench/primitives/harts.hpp"

#include "bench/primitives/block.hpp"
#include "bench/primitives/ipi.hpp"

namespace {

constexpr std::string_view repeats = "repeat ";

std::atomic<std::uint64_t> ball{0};
std::atomic<bool> second_is_ready{false};

/// Waits for the ball to come with an interrupt, and sends it back; until it has been played so often.
void play(const Platform& platform, std::uint64_t self, std::uint64_t until) {
    while (ball.load() < until) {
        if (ball.load() % 2 == self) {
            ball.fetch_add(1);
            ipi::send(platform, 1 - self);
        }
        wait_for_interrupt();
        ipi::clear(platform);
    }
}

void start_others(const Platform& platform) {
    for (std::size_t i = 1; i < platform.hart_count; ++i)
        sbi_call(sbi::Extension::HartState, sbi::hart_start, platform.hart_ids[i],
                 reinterpret_cast<std::uint64_t>(&next_hart), i);
}

void repeat_ipi(const Platform& platform, std::size_t to, std::uint64_t count) {
    ipi::enable(platform);
    set_csr<csr::sstatus>(interrupts_on);
    for (std::uint64_t i = 0; i < count; ++i)
        ipi::send_and_spin(harts[to], [&] { ipi::send(platform, to); });
    clear_csr<csr::sstatus>(interrupts_on);
}

/// Without waiting in WFI: that would be an exit of its own.
void repeat_ipi_other(const Platform& platform, std::uint64_t count) {
    start_others(platform);
    while (!second_is_ready) {
    }
    repeat_ipi(platform, 1, count);
}

}

/// The best of a few times: where one hart of an emulator that counts waits for another's spin lock, it does for all of
/// its turn, which may be millions of instructions.
void other_harts(const Meter& meter) {
    const Platform& platform = meter.platform();
    start_others(platform);
    constexpr std::uint64_t each = 100;
    ipi::enable(platform);
    std::uint64_t played = each, best = ~std::uint64_t{0};
    play(platform, 0, played);
    for (std::uint64_t batch = 0; batch < Meter::batches; ++batch) {
        const std::uint64_t before = now();
        play(platform, 0, played += each);
        best = std::min(best, now() - before);
    }
    meter.print("ipi-other", meter.nanoseconds(best) / each);
    write_csr<csr::sie>(0);
    meter.measure("sbi-base", [] { bare_call(sbi::Extension::Base); });
    meter.measure("sbi-set-timer", [] { bare_call(sbi::Extension::Time, 0, ~std::uint64_t{0}); });
    for (std::uint64_t count = 2; count <= platform.hart_count; count *= 2) {
        const std::uint64_t mask = (std::uint64_t{1} << count) - 1;
        meter.measure(
            count == 2   ? "sbi-remote-fence-2"
            : count == 4 ? "sbi-remote-fence-4"
                         : "sbi-remote-fence-8",
            [&] { bare_call(sbi::Extension::RemoteFence, 1, mask, 0); }, 500);
    }
}

/// Other harts: the second plays, or takes what comes without waiting; the others wait for ever.
extern "C" void next_hart_main(std::uint64_t index) {
    ipi::enable(the_platform);
    if (index == 1 && the_platform.command_line.starts_with(repeats)) {
        set_csr<csr::sstatus>(interrupts_on);
        for (second_is_ready = true;;)
            asm volatile("");
    }
    if (index == 1)
        play(the_platform, 1, ~std::uint64_t{0});
    for (;;)
        wait_for_interrupt();
}

bool repeat(const Platform& platform) {
    std::string_view words = platform.command_line;
    if (!words.starts_with(repeats))
        return false;
    words.remove_prefix(repeats.size());
    const std::string_view what = words.substr(0, words.find(' '));
    std::uint64_t count = 0;
    for (const char digit : words.substr(std::min(words.size(), what.size() + 1)))
        count = 10 * count + static_cast<std::uint64_t>(digit - '0');
    bool well = true;
    if (what == "ipi-self")
        repeat_ipi(platform, 0, count);
    else if (what == "ipi-other")
        repeat_ipi_other(platform, count);
    else
        well = what == "read" && repeat_reads(platform, count);
    if (well)
        print_figure(platform, "repeated", count, "times");
    else
        print(platform, "benchmark failed: nothing to repeat\n");
    return true;
}
