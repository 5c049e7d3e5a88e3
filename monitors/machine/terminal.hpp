// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "monitors/machine/host_uart.hpp"
#include "sdk/device.hpp"
#include "sdk/log.hpp"

namespace machine {

/// Where a machine's console leads: the host's serial port, if the machine has it; else the log, line by line and
/// without input.
class Terminal {
  public:
    /// Takes over the serial port that the manifest gave; bytes that come raise `bits` of `event`.
    void attach(sdk::Device device, const sdk::Event& event, std::uint64_t bits);
    void write(std::span<const std::byte> bytes);
    std::size_t read(std::span<std::byte> to) const { return uart_ ? uart_->read(to) : 0; }
    /// More input may raise the event again.
    void acknowledge() const {
        if (uart_)
            uart_->acknowledge();
    }

  private:
    std::optional<sdk::Device> device_;
    std::optional<HostUart> uart_; ///< refers to the device
    sdk::Console log_;
};

}
