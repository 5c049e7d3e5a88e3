// SPDX-License-Identifier: Apache-2.0
#include "services/console/host_uart.hpp"

#include <algorithm>

namespace {

// Registers of the 16550 (PC16550D data sheet, table II), a byte each.
constexpr std::size_t data = 0, interrupt_enable = 1, fifo_control = 2, line_status = 5;
constexpr std::uint8_t receive_interrupt = 1, fifo_enable = 1, data_ready = 1, transmitter_empty = 1 << 5;
constexpr std::size_t fifo_bytes = 16;

}

abi::Result<HostUart> HostUart::open(const sdk::Device& device, const sdk::Event& event, std::uint64_t bits) {
    if (device.bytes() <= line_status)
        return std::unexpected{abi::Error::BadArgument};
    const HostUart uart{device};
    if (const auto bound = device.bind_interrupt(0, event, bits); !bound)
        return std::unexpected{bound.error()};
    uart.reg(fifo_control) = fifo_enable; // firmware has set speed and format
    uart.reg(interrupt_enable) = receive_interrupt;
    return uart;
}

void HostUart::write(std::span<const std::byte> bytes) const {
    while (!bytes.empty()) {
        while ((reg(line_status) & transmitter_empty) == 0) {
        }
        const auto piece = bytes.first(std::min(bytes.size(), fifo_bytes));
        volatile std::uint8_t& transmit = reg(data);
        for (const std::byte each : piece)
            transmit = static_cast<std::uint8_t>(each);
        bytes = bytes.subspan(piece.size());
    }
}

std::size_t HostUart::read(std::span<std::byte> to) const {
    std::size_t count = 0;
    while (count < to.size() && (reg(line_status) & data_ready) != 0)
        to[count++] = static_cast<std::byte>(reg(data));
    return count;
}
