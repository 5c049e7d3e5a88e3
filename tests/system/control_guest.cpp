// SPDX-License-Identifier: Apache-2.0
// A guest for tests of the control channel: it waits for keys at its serial port, and does what each stands for.
#include "guests/guest.hpp"

namespace {

constexpr std::uint64_t uart = 0x1000'0000, data_ready = 1;
constexpr std::uint64_t ticks = 50'000; // 5 ms at QEMU's timebase

volatile std::uint8_t& reg(std::uint64_t offset) {
    return *reinterpret_cast<volatile std::uint8_t*>(uart + offset);
}

/// Waits as a guest with nothing to do does: interrupted by its timer now and then.
char read_key() {
    while ((reg(5) & data_ready) == 0) {
        set_timer(now() + ticks);
        wait_for_interrupt();
    }
    return static_cast<char>(reg(0));
}

[[noreturn]] void end(std::uint64_t type, std::uint64_t reason) {
    sbi_call(sbi::Extension::SystemReset, 0, type, reason);
    for (;;) {
    }
}

[[noreturn]] void spin() {
    print("spinning\r\n");
    for (volatile std::uint64_t count = 0;; count = count + 1) {
    }
}

/// A pattern of 16 bytes a line, so that what is missing can be seen.
void print_much() {
    for (std::uint64_t line = 0; line < 8192; ++line) {
        print("line ");
        print(100'000 + line);
        print(" of\r\n");
    }
}

}

extern "C" void guest_main(std::uint64_t hart, std::uint64_t) {
    if (hart != 0)
        spin();
    set_csr<csr::sie>(interrupt_bit::timer); // only to be woken: interrupts stay off
    print("guest is up\r\n");
    for (;;) {
        const char key = read_key();
        switch (key) {
        case 'q': end(0, 0);
        case 'f': end(0, 1);
        case 'r': end(1, 0);
        case 's': spin();
        case 'm': print_much(); break;
        case '2': start_hart(1, 0); break;
        case 't':
            print("time ");
            print(now());
            print(".\r\n");
            break;
        default: print(std::string_view{&key, 1}); print("!\r\n");
        }
    }
}
