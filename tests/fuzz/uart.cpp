// SPDX-License-Identifier: Apache-2.0
// The serial port's window, beside somebody who types.
#include "devices/uart16550.hpp"

#include "tests/fuzz/registers.hpp"

namespace {

using namespace fuzz;
using devices::Uart16550;

struct World final : Uart16550::Listener, devices::InterruptController {
    void uart_output(std::uint8_t) override { ++sent; }
    void uart_ready() override { ready = true; }
    void set_level(std::uint32_t, bool level) override { high = level; }
    unsigned sent = 0;
    bool ready = true, high = false;
};

constexpr std::array<std::uint64_t, 9> registers{0, 1, 2, 3, 4, 5, 6, 7, 8};

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input{{data, size}};
    World world;
    Uart16550 uart{world, {world, 10}};
    uart.reset();
    while (!input.empty()) {
        const std::size_t room = uart.room();
        const unsigned sent = world.sent;
        if (input.next() % 4 == 0) {
            const std::string_view typed = input.text(input.next() % 32);
            must(uart.receive(std::as_bytes(std::span{typed})) == std::min(typed.size(), room));
            if (typed.size() == 1)
                must(uart.receive_break() == (room > 1));
        } else {
            world.ready = false;
            access(input, uart, 0x100, registers, 1);
            must(uart.room() <= room || world.ready); // whoever waits for room hears of it
        }
        must(world.sent - sent <= 1 && uart.room() <= Uart16550::fifo_bytes);
        if ((uart.read(3, 1) & 0x80) == 0) {
            const std::uint64_t status = uart.read(5, 1), enabled = uart.read(1, 1);
            must((status & 0x60) == 0x60);
            must(!world.high || enabled != 0);
            must((status & 1) == 0 || (enabled & 1) == 0 ||
                 world.high); // input that nobody hears of would hang a guest
        }
    }
    uart.reset();
    must(!world.high && uart.room() == 1);
    return 0;
}
