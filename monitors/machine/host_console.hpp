// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <span>

#include "sdk/virtio.hpp"

namespace machine {

/// A virtio console device of the host (virtio 1.2, "Console Device", over MMIO), its first port alone: a stream of
/// bytes both ways. What the device says is checked: it may be a broken one.
class HostConsole {
  public:
    /// `dma`: whole pages, zeroed, and where they are. Unsupported if the device is no modern virtio console.
    static abi::Result<HostConsole> open(const sdk::Device& device, std::span<std::byte> dma, HostPhysical dma_address);

    /// Takes what has come, as much as fits; how much.
    std::size_t read(std::span<std::byte> to);
    /// Waits until the device has taken all, but not for ever: false if it does not.
    bool write(std::span<const std::byte> bytes);
    /// The device may interrupt again.
    void acknowledge() const;

  private:
    static constexpr std::uint32_t receive = 0, transmit = 1;
    static constexpr std::size_t buffer_bytes = 4096;
    /// Of each queue one descriptor is used.
    struct Dma {
        std::array<sdk::virtio::Ring<2>, 2> rings;
        std::array<std::array<std::byte, buffer_bytes>, 2> buffers;
    };

    HostConsole(const sdk::Device& device, std::span<std::byte> dma, HostPhysical address)
        : device_{&device}, transport_{device, dma, address} {}
    bool start(std::span<std::byte> dma);
    void offer(std::uint32_t queue, std::size_t bytes) const;

    const sdk::Device* device_;
    sdk::virtio::Transport transport_;
    Dma* dma_ = nullptr;
    std::uint16_t received_ = 0, sent_ = 0; ///< of the used rings, counted
    std::size_t taken_ = 0;                 ///< of the receive buffer
};

}
