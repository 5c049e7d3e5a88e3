// SPDX-License-Identifier: Apache-2.0
// The end: says what is known over the firmware's console and resets the machine with failure. Uses nothing that the
// panic may have been about.
#include <__verbose_abort>
#include <string_view>

#include "abi/vcpu.hpp"
#include "nucleus/nucleus.hpp"
#include "nucleus/riscv/csr.hpp"
#include "nucleus/riscv/sbi.hpp"

// Where trap.S puts what it saves, and itself.
extern "C" {
std::uint64_t panic_stack_pointer; ///< of whoever panicked; 0: nobody has
abi::Registers panic_frame;
alignas(16) std::byte panic_stack[PANIC_STACK_BYTES];
}

namespace {

const char* panic_message = nullptr;

void put(std::string_view text) {
    print({text.data(), text.size()});
}

void put(std::string_view name, std::uint64_t value) {
    put(name);
    char digits[16];
    for (char& digit : digits) {
        digit = "0123456789abcdef"[value >> 60];
        value <<= 4;
    }
    print(digits);
}

}

void print(std::span<const char> text) {
    const bool debug_console =
        sbi::call(sbi::Extension::Base, sbi::probe_extension, static_cast<std::uint64_t>(sbi::Extension::DebugConsole))
            .value != 0;
    for (const char character : text) {
        const auto byte = static_cast<std::uint8_t>(character);
        if (debug_console)
            sbi::call(sbi::Extension::DebugConsole, sbi::console_write_byte, byte);
        else
            sbi::call(sbi::Extension::LegacyConsolePutchar, 0, byte);
    }
}

void reset(std::uint64_t type) {
    const bool failure = type == 2;
    sbi::call(sbi::Extension::SystemReset, 0, failure ? 0 : type, failure ? 1 : 0);
    sbi::call(sbi::Extension::LegacyShutdown, 0);
    for (;;)
        asm volatile("wfi");
}

void refuse(const char* message) {
    put("\nnucleus: ");
    put(message);
    put("\n");
    reset(2);
}

void panic(const char* message) {
    panic_message = message;
    asm volatile("ebreak"); // so that the registers are those of here
    __builtin_unreachable();
}

/// Where `fault_in_nucleus` ends: `registers` are those of the fault, but for sp.
extern "C" [[noreturn]] void panic_with(abi::Registers& registers) {
    registers.x[2] = panic_stack_pointer;
    put("\nnucleus: panic: ");
    put(panic_message ? panic_message : "trap in the nucleus");
    put("\nnucleus: hart ",
        registers.x[4] != 0 ? reinterpret_cast<const Hart*>(registers.x[4])->id : ~std::uint64_t{0});
    put(" cause ", csr::scause.read());
    put(" pc ", csr::sepc.read());
    put(" tval ", csr::stval.read());
    for (std::uint64_t i = 0; i < 32; ++i) {
        put(i % 4 == 0 ? "\nnucleus: x" : " x");
        const char number[] = {static_cast<char>('0' + i / 10), static_cast<char>('0' + i % 10)};
        print(number);
        put(" ", registers.x[i]);
    }
    put("\n");
    reset(2);
}

/// What libc++ calls when a bounds check fails.
_LIBCPP_BEGIN_NAMESPACE_STD
[[noreturn]] void __libcpp_verbose_abort(const char* format, ...) {
    panic(format);
}
_LIBCPP_END_NAMESPACE_STD
