// SPDX-License-Identifier: Apache-2.0
#include "guests/guest.hpp"

#include <__verbose_abort>

ExpectedTrap* expected_trap = nullptr;
void (*on_interrupt)(std::uint64_t cause) = nullptr;

SbiAnswer sbi_call(sbi::Extension extension, std::uint64_t function, std::uint64_t first, std::uint64_t second,
                   std::uint64_t third, std::uint64_t fourth) {
    register std::uint64_t a0 asm("a0") = first;
    register std::uint64_t a1 asm("a1") = second;
    register std::uint64_t a2 asm("a2") = third;
    register std::uint64_t a3 asm("a3") = fourth;
    register std::uint64_t a6 asm("a6") = function;
    register std::uint64_t a7 asm("a7") = static_cast<std::uint64_t>(extension);
    asm volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a3), "r"(a6), "r"(a7) : "memory");
    return {static_cast<std::int64_t>(a0), a1};
}

void print(std::string_view text) {
    for (const char character : text)
        sbi_call(sbi::Extension::LegacyConsolePutchar, 0, static_cast<std::uint8_t>(character));
}

void print(std::uint64_t number) {
    char digits[20];
    std::size_t at = sizeof digits;
    do {
        digits[--at] = static_cast<char>('0' + number % 10);
        number /= 10;
    } while (number != 0);
    print({digits + at, sizeof digits - at});
}

void report(std::string_view name, bool ok) {
    print(ok ? "ok " : "FAILED ");
    print(name);
    print("\n");
}

void shut_down(std::uint64_t reason) {
    constexpr std::uint64_t shutdown = 0;
    sbi_call(sbi::Extension::SystemReset, 0, shutdown, reason);
    for (;;)
        wait_for_interrupt();
}

void start_hart(std::uint64_t hart, std::uint64_t argument) {
    constexpr std::uint64_t entry = 0x80000000; // guests/guest.ld
    sbi_call(sbi::Extension::HartState, sbi::hart_start, hart, entry, argument);
}

extern "C" void guest_trap(Trap& trap) {
    constexpr std::uint64_t user_call = 8, previously_supervisor = 1 << 8; // sstatus.SPP
    std::uint64_t cause, value;
    asm volatile("csrr %0, scause\n csrr %1, stval" : "=r"(cause), "=r"(value));
    if (static_cast<std::int64_t>(cause) < 0 && on_interrupt)
        return on_interrupt(cause & ~(std::uint64_t{1} << 63));
    if (static_cast<std::int64_t>(cause) >= 0 && expected_trap) {
        const bool fetch = cause == 0 || cause == 1 || cause == 12;
        expected_trap->count++;
        expected_trap->cause = cause;
        expected_trap->value = value;
        if (cause == user_call) // with which user mode says that it is done
            set_csr<csr::sstatus>(previously_supervisor);
        // A jump into nowhere returns to its caller; all else goes on behind the instruction.
        trap.pc = fetch ? trap.x[1] : trap.pc + ((*reinterpret_cast<const std::uint16_t*>(trap.pc) & 3) == 3 ? 4 : 2);
        return;
    }
    print("FAILED trap: cause ");
    print(cause);
    print(" pc ");
    print(trap.pc);
    print("\n");
    shut_down(1);
}

/// What libc++ calls when a bounds check fails.
_LIBCPP_BEGIN_NAMESPACE_STD
[[noreturn]] void __libcpp_verbose_abort(const char* format, ...) {
    print("FAILED ");
    print(format);
    print("\n");
    shut_down(1);
}
_LIBCPP_END_NAMESPACE_STD
