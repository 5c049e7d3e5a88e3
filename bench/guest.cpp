// SPDX-License-Identifier: Apache-2.0
// What exits cost, counted by the guest itself: under QEMU's -icount `instret` counts the instructions of all harts.
#include "guests/guest.hpp"

#include <algorithm>
#include <atomic>

namespace {

constexpr std::uint64_t rounds = 1000;

void print_figure(std::string_view name, std::uint64_t value) {
    print("bench: ");
    print(name);
    print(" ");
    print(value);
    print(" instructions\n");
}

std::uint64_t count(std::uint64_t times, auto action) {
    const std::uint64_t before = read_csr<csr::instret>();
    for (std::uint64_t i = 0; i < times; ++i)
        action();
    return read_csr<csr::instret>() - before;
}

/// Instructions for one `action`, without the loop around it, in the middle of many.
void measure(std::string_view name, auto action) {
    (void)count(10, action);
    const std::uint64_t loop = count(rounds, [] { asm volatile(""); });
    print_figure(name, (count(rounds, action) - loop + rounds / 2) / rounds);
}

/// An ecall with its registers set up before, so that nothing but the ecall is measured.
void measure_call(std::string_view name, sbi::Extension extension, std::uint64_t first) {
    measure(name, [=] {
        register std::uint64_t a0 asm("a0") = first;
        register std::uint64_t a1 asm("a1") = 0;
        register std::uint64_t a6 asm("a6") = 0;
        register std::uint64_t a7 asm("a7") = static_cast<std::uint64_t>(extension);
        asm volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a6), "r"(a7) : "memory");
    });
}

std::atomic<std::uint64_t> ball{0};

/// Waits for the ball to come with an interrupt, and sends it back.
void play(std::uint64_t self, std::uint64_t until) {
    while (ball < until) {
        if (ball % 2 == self) {
            ball = ball + 1;
            sbi_call(sbi::Extension::Ipi, 0, std::uint64_t{1} << (1 - self), 0);
        }
        wait_for_interrupt();
        clear_csr<csr::sip>(interrupt_bit::software);
    }
}

}

extern "C" void guest_main(std::uint64_t hart, std::uint64_t host_harts) {
    write_csr<csr::sie>(interrupt_bit::software);
    if (hart == 1) {
        play(1, ~std::uint64_t{0});
        return;
    }
    if (host_harts == 1) {
        measure_call("exit-nucleus", sbi::Extension::Time, ~std::uint64_t{0});
        measure_call("exit-monitor", sbi::Extension::Base, 0);
        measure_call("exit-monitor-unknown", static_cast<sbi::Extension>(0x0900'0000), 0);
        measure("ipi-self", [] {
            sbi_call(sbi::Extension::Ipi, 0, 1, 0);
            clear_csr<csr::sip>(interrupt_bit::software);
        });
        measure("remote-fence-self", [] { sbi_call(sbi::Extension::RemoteFence, 1, 1, 0); });
        measure("control-local-fence", [] { asm volatile("sfence.vma" ::: "memory"); });
    }
    start_hart(1, 0);
    // The best of ten: a hart that spins for another does so for all of the emulator's turn.
    constexpr std::uint64_t each = rounds / 10;
    std::uint64_t played = each, best = ~std::uint64_t{0};
    play(0, played);
    while (played < each + rounds) {
        const std::uint64_t before = read_csr<csr::instret>();
        play(0, played += each);
        best = std::min(best, read_csr<csr::instret>() - before);
    }
    print_figure(host_harts == 1 ? "ipi-same-hart" : "ipi-other-hart", best / each);
    shut_down(0);
}
