// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "monitors/machine/host_disk.hpp"

/// The device's side of a disk of the host, for tests and fuzzers: registers and rings as plain memory, where the
/// device sees them ("MMIO Device Register Layout" and "Split Virtqueues").
class HostDevice {
  public:
    static constexpr std::uint64_t dma_base = 0x9'0000'0000, ram_bytes = 0x10000;
    static constexpr GuestPhysical guest_base{0x8000'0000};
    static constexpr machine::DmaRange ram{{0x8'0000'0000}, ram_bytes};
    static constexpr std::uint64_t queue_size = 512;
    struct Descriptor {
        std::uint64_t address;
        std::uint32_t bytes;
        std::uint16_t flags, next;
    };
    enum Register : std::size_t {
        Magic = 0x00,
        Version = 0x04,
        DeviceId = 0x08,
        DeviceFeatures = 0x10,
        QueueSizeMax = 0x34,
        QueueNotify = 0x50,
        InterruptStatus = 0x60,
        InterruptAcknowledge = 0x64,
        QueueDescriptors = 0x80,
        QueueDriver = 0x90,
        QueueDevice = 0xa0,
        Config = 0x100,
    };

    /// Low and high features are the same word: plain memory does not know which is selected.
    explicit HostDevice(std::uint32_t features, std::uint64_t sectors = 1000) {
        set(Magic, 0x7472'6976);
        set(Version, 2);
        set(DeviceId, 2);
        set(DeviceFeatures, features | 1); // VERSION_1
        set(QueueSizeMax, queue_size);
        set(Config, static_cast<std::uint32_t>(sectors));
        set(Config + 4, static_cast<std::uint32_t>(sectors >> 32));
    }
    void set(std::size_t which, std::uint32_t value) { device.reg<std::uint32_t>(which) = value; }
    std::uint32_t get(std::size_t which) const { return device.reg<std::uint32_t>(which); }
    abi::Result<machine::HostDisk> open() {
        return machine::HostDisk::open(device, {dma.get(), dma_bytes}, {dma_base}, guest_base, ram);
    }

    /// Memory of the driver's at an address that it gave; null if it has none there.
    std::byte* memory(std::uint64_t address, std::uint64_t bytes) const {
        return HostRange{{dma_base}, dma_bytes}.contains({address}, bytes) ? dma.get() + (address - dma_base) : nullptr;
    }
    std::byte* place(Register which) const {
        return memory(get(which) | static_cast<std::uint64_t>(get(which + 4)) << 32, 1);
    }
    template <class T>
    T& at(Register area, std::size_t offset) const {
        return *reinterpret_cast<T*>(place(area) + offset);
    }
    Descriptor descriptor(std::size_t index) const {
        return at<Descriptor>(QueueDescriptors, 16 * (index % queue_size));
    }
    std::uint16_t available_index() const { return at<std::uint16_t>(QueueDriver, 2); }
    std::uint16_t available(std::uint16_t index) const {
        return at<std::uint16_t>(QueueDriver, 4 + 2 * (index % queue_size));
    }
    /// A chain, as a device follows it.
    std::vector<Descriptor> chain(std::uint16_t head) const {
        std::vector<Descriptor> all{descriptor(head)};
        while ((all.back().flags & 1) != 0 && all.size() <= queue_size)
            all.push_back(descriptor(all.back().next));
        return all;
    }
    void use(std::uint32_t id) const {
        auto& index = at<std::uint16_t>(QueueDevice, 2);
        at<std::uint32_t>(QueueDevice, 4 + 8 * (index % queue_size)) = id;
        ++index;
    }
    /// Finishes a request with that status.
    void finish(std::uint16_t head, std::uint8_t status) const {
        if (std::byte* byte = memory(chain(head).back().address, 1))
            *byte = std::byte{status};
        use(head);
    }

    static constexpr std::size_t dma_bytes = machine::HostDisk::dma_pages * 4096;
    std::unique_ptr<std::byte[]> dma = std::make_unique<std::byte[]>(dma_bytes);
    alignas(8) std::array<std::byte, 0x200> registers{};
    sdk::Device device{registers};
};
