// SPDX-License-Identifier: Apache-2.0
// What things cost a guest, measured by a guest that runs unchanged on the bare machine and under any hypervisor: one
// line each. With a disk what reading it costs; else with one hart what one hart does, and with more what harts do to
// each other. The command line `off` has it power the machine off at once, `idle` after four seconds of waiting, and
// `among-others` has it wait half a second first, until other machines have started. For what machines do to one
// another there is more (primitives/neighbours.cpp).
#include "bench/primitives/block.hpp"
#include "bench/primitives/measure.hpp"
#include "bench/primitives/neighbours.hpp"

extern "C" {
constinit Hart harts[hart_limit]{};
}

namespace {

/// The only hart that writes here is the one that `harts` is meant for; the trap handler does, between instructions.
std::uint64_t taken(const std::atomic<std::uint64_t>& counter) {
    return counter.load(std::memory_order_relaxed);
}

constinit Platform the_platform;

void arm_timer(std::uint64_t deadline) {
    set_timer(the_platform, deadline);
}

void calls(const Meter& meter) {
    constexpr auto unknown = static_cast<sbi::Extension>(0x5355'4e44); // in no range that has a meaning
    meter.measure("sbi-base", [] { bare_call(sbi::Extension::Base); });
    meter.measure("sbi-unknown", [] { bare_call(unknown); });
    meter.measure("sbi-set-timer", [] { bare_call(sbi::Extension::Time, 0, ~std::uint64_t{0}); });
    meter.measure("sbi-remote-fence-self",
                  [&] { bare_call(sbi::Extension::RemoteFence, 1, 1, meter.platform().hart_ids[0]); });
}

void interrupts(const Meter& meter) {
    const Platform& platform = meter.platform();
    write_csr<csr::sie>(interrupt_bit::software);
    set_csr<csr::sstatus>(interrupts_on);
    meter.measure("ipi-self", [&] {
        const std::uint64_t before = taken(harts[0].software);
        bare_call(sbi::Extension::Ipi, 0, 1, platform.hart_ids[0]);
        while (taken(harts[0].software) == before) {
        }
    });
    arm_timer(~std::uint64_t{0});
    meter.measure("timer-interrupt", [&] {
        const std::uint64_t before = taken(harts[0].timer);
        set_csr<csr::sie>(interrupt_bit::timer);
        arm_timer(0);
        while (taken(harts[0].timer) == before) {
        }
        arm_timer(~std::uint64_t{0});
    });
    clear_csr<csr::sstatus>(interrupts_on);

    constexpr std::uint64_t rounds = 20, wait_nanoseconds = 100'000;
    const std::uint64_t wait = platform.hertz * wait_nanoseconds / 1'000'000'000 + 1;
    std::uint64_t best = ~std::uint64_t{0};
    write_csr<csr::sie>(interrupt_bit::timer);
    for (std::uint64_t batch = 0; batch < Meter::batches; ++batch) {
        std::uint64_t late = 0;
        for (std::uint64_t i = 0; i < rounds; ++i) {
            const std::uint64_t deadline = now() + wait;
            arm_timer(deadline);
            while (now() < deadline)
                wait_for_interrupt();
            late += now() - deadline;
            arm_timer(~std::uint64_t{0});
        }
        best = std::min(best, late);
    }
    meter.print("wfi-wake-up", meter.nanoseconds(best) / rounds);
    write_csr<csr::sie>(0);
}

void devices(const Meter& meter) {
    const Platform& platform = meter.platform();
    if (platform.uart != 0)
        meter.measure("uart-read", [&] { (void)*reinterpret_cast<volatile std::uint8_t*>(platform.uart + 5); });
    else
        print_reason(platform, "uart-read", "there is no 16550A");
    if (platform.plic != 0)
        meter.measure("plic-claim-complete", [&] {
            auto& claim =
                *reinterpret_cast<volatile std::uint32_t*>(platform.plic + 0x20'0004 + 0x1000 * platform.context);
            claim = claim; // none is pending: both accesses are the same as if one were
        });
    else
        print_reason(platform, "plic-claim-complete", "there is no PLIC");
}

/// Pages that nobody has touched since the machine was switched on.
void fresh_memory(const Meter& meter) {
    const Platform& platform = meter.platform();
    constexpr std::uint64_t page = 4096, large_page = 2 << 20, pages = 20'000, large_pages = 50;
    std::uint64_t next = (platform.ram + platform.ram_bytes / 4) & ~(large_page - 1);
    const auto touch = [&](std::uint64_t step) {
        *reinterpret_cast<volatile std::uint8_t*>(next) = 1;
        next += step;
    };
    if (platform.ram_bytes < std::uint64_t{400} << 20)
        return print_reason(platform, "first-touch", "the machine has less than 400 MiB of RAM");
    meter.measure("first-touch-4k", [&] { touch(page); }, pages);
    next = (next + 2 * large_page) & ~(large_page - 1);
    meter.measure("first-touch-2m", [&] { touch(large_page); }, large_pages);
}

/// What a hypervisor with hardware's help has no part in.
void controls(const Meter& meter) {
    meter.measure("control-local-fence", [] { asm volatile("sfence.vma" ::: "memory"); });
    meter.measure("control-csr-read", [] { (void)read_csr<csr::sstatus>(); });
    meter.measure("control-time-read", [] { (void)now(); });
}

std::atomic<std::uint64_t> ball{0};

/// Waits for the ball to come with an interrupt, and sends it back; until it has been played so often.
void play(const Platform& platform, std::uint64_t self, std::uint64_t until) {
    while (ball.load() < until) {
        if (ball.load() % 2 == self) {
            ball.fetch_add(1);
            bare_call(sbi::Extension::Ipi, 0, 1, platform.hart_ids[1 - self]);
        }
        wait_for_interrupt();
        clear_csr<csr::sip>(interrupt_bit::software);
    }
}

void other_harts(const Meter& meter) {
    const Platform& platform = meter.platform();
    for (std::size_t i = 1; i < platform.hart_count; ++i)
        sbi_call(sbi::Extension::HartState, sbi::hart_start, platform.hart_ids[i],
                 reinterpret_cast<std::uint64_t>(&next_hart), i);
    constexpr std::uint64_t rounds = 1000;
    write_csr<csr::sie>(interrupt_bit::software);
    play(platform, 0, 100);
    const std::uint64_t before = now();
    play(platform, 0, 100 + rounds);
    meter.print("ipi-other", meter.nanoseconds(now() - before) / rounds);
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

}

/// Other harts: the second plays, the others wait for ever.
extern "C" void next_hart_main(std::uint64_t index) {
    write_csr<csr::sie>(interrupt_bit::software);
    if (index == 1)
        play(the_platform, 1, ~std::uint64_t{0});
    for (;;)
        wait_for_interrupt();
}

extern "C" void bench_main(std::uint64_t boot_hart, const void* tree, std::uint64_t first_ticks) {
    if (!read_platform(tree, boot_hart, the_platform)) {
        print(the_platform, "benchmark failed: the device tree cannot be read\n");
        shut_down(1);
    }
    if (the_platform.command_line == "off") {
        print_figure(the_platform, "first-ticks", first_ticks, "ticks");
        shut_down(0);
    }
    if (the_platform.command_line == "idle") {
        wait_until(the_platform, 4 * the_platform.hertz);
        shut_down(0);
    }
    be_a_neighbour(the_platform);
    if (the_platform.command_line == "among-others")
        wait_until(the_platform, the_platform.hertz / 2);
    const Meter meter{the_platform};
    meter.print("first-instruction", meter.nanoseconds(first_ticks));
    if (block_reads(meter)) {
        // a machine for that alone
    } else if (the_platform.hart_count == 1) {
        calls(meter);
        interrupts(meter);
        devices(meter);
        fresh_memory(meter);
        controls(meter);
    } else {
        other_harts(meter);
    }
    shut_down(0);
}
