// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/address.hpp"
#include "sdk/device.hpp"

/// The driver's side of virtio devices of the host (virtio 1.2, "Virtio Over MMIO", version 2): what the drivers of all
/// kinds have in common. What a device says is not believed where that could harm: it may be a broken one.
namespace sdk::virtio {

// "Split Virtqueues".
inline constexpr std::uint16_t next_flag = 1, device_writes_flag = 2, no_interrupt_flag = 1;
struct Descriptor {
    std::uint64_t address;
    std::uint32_t bytes;
    std::uint16_t flags, next;
};
struct Used {
    std::uint32_t id, bytes;
};
template <std::uint16_t Size>
struct Ring {
    alignas(16) std::array<Descriptor, Size> descriptors;
    std::uint16_t available_flags, available_index;
    std::array<std::uint16_t, Size> available;
    alignas(4) std::uint16_t used_flags;
    std::uint16_t used_index;
    std::array<Used, Size> used;

    /// Hands the chain that begins at `head` to the device, which need not know of it yet.
    void offer(std::uint16_t head) {
        available[available_index % Size] = head;
        __atomic_store_n(&available_index, static_cast<std::uint16_t>(available_index + 1), __ATOMIC_RELEASE);
    }
    /// How many chains the device has given back so far, counted modulo 2^16.
    std::uint16_t given_back() const { return __atomic_load_n(&used_index, __ATOMIC_ACQUIRE); }
};
static_assert(offsetof(Ring<4>, available) == offsetof(Ring<4>, available_flags) + 4);
static_assert(offsetof(Ring<4>, used) == offsetof(Ring<4>, used_flags) + 4);

/// A device's registers, and the memory that it and its driver share.
class Transport {
  public:
    static constexpr unsigned version_1_feature = 32;

    /// `dma`: the driver's own memory, zeroed, and where it is. All three outlive the transport.
    Transport(const Device& device, std::span<std::byte> dma, HostPhysical dma_address)
        : device_{&device}, dma_{dma}, dma_address_{dma_address} {}

    /// "Device Initialization", up to FEATURES_OK: resets the device and takes of `wanted` what it offers. What it
    /// took; nothing if this is no modern device of the kind `device_id`, in which case it was left alone, or if it
    /// lacks one of `needed`, has no such configuration of `config_bytes`, or refuses.
    std::optional<std::uint64_t> begin(std::uint32_t device_id, std::uint64_t wanted, std::uint64_t needed,
                                       std::size_t config_bytes = 0) const;
    /// Places a queue; false if the device has none of that number, or not as large.
    template <std::uint16_t Size>
    bool set_up(std::uint32_t queue, const Ring<Size>& ring) const {
        return set_up(queue, Size, &ring.descriptors, &ring.available_flags, &ring.used_flags);
    }
    /// The device may begin (DRIVER_OK).
    void go() const;
    void notify(std::uint32_t queue) const;
    /// Takes note of an interrupt, before looking at what it is about.
    void take_interrupt() const;
    /// A word of the device's configuration.
    std::uint32_t config(std::size_t offset) const;
    /// Where the device sees something that lies in `dma`.
    std::uint64_t address(const volatile void* place) const;

  private:
    bool set_up(std::uint32_t queue, std::uint16_t size, const void* descriptors, const void* driver,
                const void* used) const;
    volatile std::uint32_t& reg(std::size_t offset) const { return device_->reg<std::uint32_t>(offset); }

    const Device* device_;
    std::span<std::byte> dma_;
    HostPhysical dma_address_;
};

}
