// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include "sdk/device.hpp"

/// The host's serial port, an ns16550a of which the console service is the only user but for firmware's and the
/// nucleus's own lines.
class HostUart {
  public:
    /// Sets the port up; from then on bytes that come raise `bits` of `event`.
    static abi::Result<HostUart> open(const sdk::Device& device, const sdk::Event& event, std::uint64_t bits);

    void write(std::span<const std::byte> bytes) const;
    /// Takes bytes that have come, as many as there are and fit; how many.
    std::size_t read(std::span<std::byte> to) const;
    /// The port may interrupt again.
    void acknowledge() const { device_->acknowledge_interrupt(0); }

  private:
    explicit HostUart(const sdk::Device& device) : device_{&device} {}
    volatile std::uint8_t& reg(std::size_t which) const { return device_->reg<std::uint8_t>(which); }
    const sdk::Device* device_;
};
