// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/address.hpp"
#include "devices/disk.hpp"
#include "sdk/virtio.hpp"

namespace machine {

/// Where devices of the host see memory of ours.
struct DmaRange {
    HostPhysical first;
    std::uint64_t bytes = 0;
};

/// A virtio block device of the host (virtio 1.2, "Block Device", over MMIO) that is this machine's own. It reads and
/// writes the guest's RAM itself: nothing is copied. No interrupt is waited for here; whoever gets it calls
/// `interrupt`.
class HostDisk : public devices::Disk {
  public:
    /// Memory for the rings and headers: whole pages, zeroed.
    static constexpr std::size_t dma_pages = 8;

    /// `dma`: those pages, and where they are. `ram`: where the guest's RAM, which begins at `ram_base`, is.
    /// Unsupported if the device is no modern virtio block device, or refuses.
    static abi::Result<HostDisk> open(const sdk::Device& device, std::span<std::byte> dma, HostPhysical dma_address,
                                      GuestPhysical ram_base, DmaRange ram);

    std::uint64_t sectors() const override { return sectors_; }
    bool read_only() const override { return has(read_only_feature); }
    bool can_discard() const override { return has(discard_feature); }
    bool can_write_zeroes() const override { return has(write_zeroes_feature); }
    bool submit(const devices::DiskRequest& request, Listener& listener) override;
    void commit() override;

    /// Passes on what the device has finished, and lets it interrupt again.
    void interrupt();

  private:
    static constexpr std::uint16_t queue_size = 512;
    static_assert(devices::DiskRequest::segment_limit + 2 <= queue_size);
    static constexpr unsigned read_only_feature = 5, flush_feature = 9, discard_feature = 13, write_zeroes_feature = 14;

    // "Block Device: Device Operation".
    struct Header {
        std::uint32_t type, reserved;
        std::uint64_t sector;
    };
    /// What of the memory is whose.
    struct Dma {
        sdk::virtio::Ring<queue_size> ring;
        std::array<Header, queue_size> headers; ///< by the first descriptor of a request
        std::array<Header, queue_size> ranges;  ///< of a discard: sector, count, flags
        std::array<std::uint8_t, queue_size> status;
    };
    static_assert(sizeof(Dma) <= dma_pages * 4096);

    /// A request in flight, by its first descriptor.
    struct Flight {
        std::uint64_t token;
        Listener* listener; ///< null: none
        std::size_t descriptors;
    };

    HostDisk(const sdk::Device& device, std::span<std::byte> dma, HostPhysical dma_address, GuestPhysical ram_base,
             DmaRange ram)
        : device_{&device}, transport_{device, dma, dma_address}, ram_base_{ram_base}, ram_{ram} {}
    bool start(std::span<std::byte> dma);
    bool has(unsigned feature) const { return (features_ >> feature & 1) != 0; }
    std::uint16_t add(std::uint16_t at, std::uint64_t address, std::uint64_t bytes, bool device_writes);
    void release(std::uint16_t first, std::size_t count);

    const sdk::Device* device_;
    sdk::virtio::Transport transport_;
    Dma* dma_ = nullptr;
    GuestPhysical ram_base_;
    DmaRange ram_;
    std::uint64_t features_ = 0, sectors_ = 0;
    std::vector<Flight> flights_;
    std::vector<std::uint16_t> next_; ///< which descriptor follows, free or not: none of the device's business
    bool committed_ = true;           ///< the device has been told of all that is in the ring
    std::uint16_t free_ = 0, free_count_ = queue_size, seen_ = 0;
};

}
