// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/address.hpp"
#include "sdk/device.hpp"

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
    // "Split Virtqueues", with one descriptor in flight.
    struct Descriptor {
        std::uint64_t address;
        std::uint32_t bytes;
        std::uint16_t flags, next;
    };
    struct Used {
        std::uint32_t id, bytes;
    };
    static constexpr std::uint16_t queue_size = 2;
    static constexpr std::size_t buffer_bytes = 4096;
    struct Queue {
        alignas(16) std::array<Descriptor, queue_size> descriptors;
        std::uint16_t available_flags, available_index;
        std::array<std::uint16_t, queue_size> available;
        alignas(4) std::uint16_t used_flags;
        std::uint16_t used_index;
        std::array<Used, queue_size> used;
    };
    struct Dma {
        std::array<Queue, 2> queues; ///< receive, transmit
        std::array<std::array<std::byte, buffer_bytes>, 2> buffers;
    };

    HostConsole(const sdk::Device& device, Dma& dma, HostPhysical address)
        : device_{&device}, dma_{&dma}, address_{address} {}
    bool start();
    void set_up(std::uint32_t queue);
    void offer(std::uint32_t queue, std::size_t bytes) const;
    bool finished(std::uint32_t queue, std::uint16_t seen) const;
    volatile std::uint32_t& reg(std::size_t offset) const { return device_->reg<std::uint32_t>(offset); }
    std::uint64_t dma_address(const volatile void* place) const;

    const sdk::Device* device_;
    Dma* dma_;
    HostPhysical address_;
    std::uint16_t received_ = 0, sent_ = 0; ///< of the used rings, counted
    std::size_t taken_ = 0;                 ///< of the receive buffer
};

}
