// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "sdk/virtio.hpp"

/// The host's virtio console device (virtio 1.2, "Console Device", over MMIO, with ports), of which one port is the
/// control channel's. Everything that the device says is checked: it may be a broken one.
class ControlPort {
  public:
    /// Memory for rings and buffers: whole pages, zeroed.
    static constexpr std::size_t dma_pages = 32;

    /// `dma`: those pages, and where they are. Unsupported if the device is no modern virtio console with ports.
    static abi::Result<ControlPort> open(const sdk::Device& device, std::span<std::byte> dma, HostPhysical dma_address);

    /// Passes on what the device has to say; whether what is received from now on may come from another connection.
    bool poll();
    /// The oldest bytes that were received; empty if there are none.
    std::span<const std::byte> received() const;
    /// Those have been taken.
    void drop(std::size_t bytes);
    /// Sends as much as there is room for; how much that was.
    std::size_t write(std::span<const std::byte> bytes);
    /// The device may interrupt again.
    void acknowledge() const { device_->acknowledge_interrupt(0); }

  private:
    /// Each descriptor has a buffer of its own for ever.
    static constexpr std::uint16_t queue_size = 16;

    /// Ports that the device may call ours. Port 0 would be a console.
    static constexpr std::uint32_t first_port = 1, ports = 2;
    static constexpr std::size_t control_receive = 0, control_transmit = 1, queue_count = 2 + 2 * ports;
    static constexpr std::size_t control_bytes = 128, receive_bytes = 2048, transmit_bytes = 4096;
    struct Dma {
        std::array<sdk::virtio::Ring<queue_size>, queue_count> rings;
        std::array<std::array<std::byte, control_bytes>, queue_size> control_in, control_out;
        std::array<std::array<std::byte, receive_bytes>, queue_size> in;
        std::array<std::array<std::byte, transmit_bytes>, queue_size> out;
    };
    static_assert(sizeof(Dma) <= dma_pages * 4096);

    /// "Multiport Device Operation": virtio_console_control, and its events.
    struct Message {
        std::uint32_t port;
        std::uint16_t event, value;
    };

    ControlPort(const sdk::Device& device, std::span<std::byte> dma, HostPhysical dma_address)
        : device_{&device}, transport_{device, dma, dma_address} {}
    bool start(std::span<std::byte> dma);
    void set_up(std::size_t queue);
    void offer(std::size_t queue, std::uint16_t descriptor, std::size_t bytes);
    void notify(std::size_t queue) const { transport_.notify(number(queue)); }
    std::uint16_t used_index(std::size_t queue) const { return dma_->rings[queue].given_back(); }
    void hear(std::span<const std::byte> message);
    void send(const Message& message);
    void reclaim(std::size_t queue);
    std::size_t receive_queue() const { return 2 + 2 * (port_ - first_port); }
    /// The device's number of the queue: of port 1 on they come after those for control ("Virtqueues").
    static std::uint32_t number(std::size_t queue) { return static_cast<std::uint32_t>(queue + 2); }

    const sdk::Device* device_;
    sdk::virtio::Transport transport_;
    Dma* dma_ = nullptr;
    std::uint32_t port_ = 0; ///< ours; 0: not known yet
    bool changed_ = false;
    std::array<std::uint16_t, queue_count> seen_{}; ///< of the used ring
    std::array<std::uint16_t, queue_count> free_{}; ///< transmit: a set of descriptors that the device does not have
    std::uint16_t readable_ = 0;                    ///< of our receive queue's used ring: up to here it may be taken
    std::size_t taken_ = 0;                         ///< of the oldest buffer received
};
