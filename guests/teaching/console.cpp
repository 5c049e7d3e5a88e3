// SPDX-License-Identifier: Apache-2.0
#include "guests/teaching/console.hpp"

#include <__verbose_abort>

#include "base/sbi.hpp"

namespace {

/// Legacy calls have no function number and answer in a0 alone.
std::int64_t call(sbi::Extension extension, std::uint64_t argument = 0) {
    register std::uint64_t a0 asm("a0") = argument;
    register std::uint64_t a7 asm("a7") = static_cast<std::uint64_t>(extension);
    asm volatile("ecall" : "+r"(a0) : "r"(a7) : "memory", "a1");
    return static_cast<std::int64_t>(a0);
}

}

void print(std::string_view text) {
    for (const char character : text)
        call(sbi::Extension::LegacyConsolePutchar, static_cast<std::uint8_t>(character));
}

std::int64_t typed_character() {
    return call(sbi::Extension::LegacyConsoleGetchar);
}

void set_timer(std::uint64_t deadline) {
    call(sbi::Extension::LegacySetTimer, deadline);
}

void shut_down() {
    call(sbi::Extension::LegacyShutdown);
    panic("firmware did not shut down");
}

void panic(std::string_view text) {
    print(Text{} << "\nkernel panic: " << text << "\n");
    for (;;)
        asm volatile("wfi");
}

/// A trap while the kernel itself ran (trap.S).
extern "C" [[noreturn]] void kernel_fault(std::uint64_t cause, std::uint64_t value, std::uint64_t pc) {
    Text text;
    (text << "cause " << cause << " at ").hex(pc) << ", address ";
    panic(text.hex(value));
}

/// What libc++ calls when a bounds check fails.
_LIBCPP_BEGIN_NAMESPACE_STD
[[noreturn]] void __libcpp_verbose_abort(const char* format, ...) {
    panic(format);
}
_LIBCPP_END_NAMESPACE_STD
