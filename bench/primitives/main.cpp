// SPDX-License-Identifier: Apache-2.0
// What things cost a guest, measured by a guest that runs unchanged on the bare machine and under any hypervisor: one
// line each. With a disk what reading it costs; else with one hart what one hart does, and with more what harts do to
// each other. The command line `marks` has the host of KVM count reads of the disk, `off` has it power the machine off
// at once, `idle` after four seconds of waiting, and `among-others` has it wait half a second first, until other
// machines have started. For what harts and machines do to one another there is more (primitives/harts.hpp,
// primitives/neighbours.hpp).
#include "bench/primitives/block.hpp"
#include "bench/primitives/harts.hpp"
#include "bench/primitives/ipi.hpp"
#include "bench/primitives/measure.hpp"
#include "bench/primitives/neighbours.hpp"

extern "C" {
constinit Hart harts[hart_limit]{};
}
constinit Platform the_platform;

namespace {

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
    ipi::enable(platform);
    set_csr<csr::sstatus>(interrupts_on);
    const auto measure_ipi = [&](auto send) { meter.measure("ipi-self", [&] { ipi::send_and_spin(harts[0], send); }); };
    if (platform.has_messages())
        measure_ipi([&] { ipi::send_message(platform, 0); });
    else
        measure_ipi([&] { bare_call(sbi::Extension::Ipi, 0, 1, platform.hart_ids[0]); });
    arm_timer(~std::uint64_t{0});
    meter.measure("timer-interrupt", [&] {
        const std::uint64_t before = harts[0].timer.load(std::memory_order_relaxed);
        set_csr<csr::sie>(interrupt_bit::timer);
        arm_timer(0);
        while (harts[0].timer.load(std::memory_order_relaxed) == before) {
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
    if (repeat(the_platform))
        shut_down(0);
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
