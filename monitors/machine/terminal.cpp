// SPDX-License-Identifier: Apache-2.0
#include "monitors/machine/terminal.hpp"

#include "sdk/must.hpp"

namespace machine {

void Terminal::attach(sdk::Device device, const sdk::Event& event, std::uint64_t bits) {
    device_.emplace(std::move(device));
    uart_ = sdk::must(HostUart::open(*device_, event, bits), "the host's serial port");
}

void Terminal::write(std::span<const std::byte> bytes) {
    if (uart_)
        return uart_->write(bytes);
    for (const std::byte each : bytes)
        log_.put(static_cast<char>(each));
}

}
