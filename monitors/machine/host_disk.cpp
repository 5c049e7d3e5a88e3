// SPDX-License-Identifier: Apache-2.0
#include "monitors/machine/host_disk.hpp"

#include <atomic>
#include <cstring>
#include <utility>

namespace machine {

namespace {

// "MMIO Device Register Layout".
constexpr std::size_t magic = 0x00, version = 0x04, device_id = 0x08, device_features = 0x10, device_select = 0x14,
                      driver_features = 0x20, driver_select = 0x24, queue_select = 0x30, queue_limit = 0x34,
                      queue_length = 0x38, queue_ready = 0x44, queue_notify = 0x50, interrupt_status = 0x60,
                      interrupt_acknowledge = 0x64, device_status = 0x70, queue_descriptors = 0x80, queue_driver = 0x90,
                      queue_device = 0xa0, config = 0x100;
constexpr std::uint32_t magic_value = 0x74726976, modern = 2, block_device = 2;
constexpr std::uint32_t acknowledge = 1, driver = 2, driver_ok = 4, features_ok = 8;
constexpr unsigned reset_tries = 1'000'000; // far more than any device needs
constexpr std::uint16_t next_flag = 1, device_writes_flag = 2;

/// "Block Device: Device Operation": virtio_blk_req's type.
std::uint32_t type_of(devices::DiskOperation operation) {
    switch (operation) {
    case devices::DiskOperation::Read: return 0;
    case devices::DiskOperation::Write: return 1;
    case devices::DiskOperation::Flush: return 4;
    case devices::DiskOperation::Discard: return 11;
    case devices::DiskOperation::WriteZeroes: return 13;
    }
    return ~0u;
}

}

abi::Result<HostDisk> HostDisk::open(const sdk::Device& device, std::span<std::byte> dma, HostPhysical dma_address,
                                     GuestPhysical ram_base, DmaRange ram) {
    if (dma.size() < sizeof(Dma) || device.bytes() < config + sizeof(std::uint64_t))
        return std::unexpected{abi::Error::BadArgument};
    HostDisk disk{device, *new (dma.data()) Dma{}, dma_address, ram_base, ram};
    if (!disk.start())
        return std::unexpected{abi::Error::Unsupported};
    return disk;
}

/// "Device Initialization": the steps in the order that it asks for.
bool HostDisk::start() {
    if (reg(magic) != magic_value || reg(version) != modern || reg(device_id) != block_device)
        return false;
    reg(device_status) = 0;
    for (unsigned tries = 0; reg(device_status) != 0; ++tries)
        if (tries == reset_tries)
            return false;
    reg(device_status) = acknowledge;
    reg(device_status) = acknowledge | driver;
    constexpr std::uint64_t wanted = 1 << read_only_feature | 1 << flush_feature | 1 << discard_feature |
                                     1 << write_zeroes_feature | std::uint64_t{1} << version_1_feature;
    for (std::uint32_t half = 0; half < 2; ++half) {
        reg(device_select) = half;
        const std::uint32_t offered = reg(device_features) & static_cast<std::uint32_t>(wanted >> 32 * half);
        features_ |= static_cast<std::uint64_t>(offered) << 32 * half;
        reg(driver_select) = half;
        reg(driver_features) = offered;
    }
    reg(device_status) = acknowledge | driver | features_ok;
    reg(queue_select) = 0;
    if (!has(version_1_feature) || (reg(device_status) & features_ok) == 0 || reg(queue_limit) < queue_size)
        return false;
    reg(queue_length) = queue_size;
    const auto set = [&](std::size_t which, const volatile void* place) {
        reg(which) = static_cast<std::uint32_t>(dma_address(place));
        reg(which + 4) = static_cast<std::uint32_t>(dma_address(place) >> 32);
    };
    set(queue_descriptors, &dma_->descriptors);
    set(queue_driver, &dma_->available_flags);
    set(queue_device, &dma_->used_flags);
    reg(queue_ready) = 1;
    reg(device_status) = acknowledge | driver | features_ok | driver_ok;
    sectors_ = reg(config) | static_cast<std::uint64_t>(reg(config + 4)) << 32;
    for (std::uint16_t i = 0; i < queue_size; ++i)
        next_[i] = static_cast<std::uint16_t>(i + 1);
    return true;
}

std::uint64_t HostDisk::dma_address(const volatile void* place) const {
    return dma_address_.value + static_cast<std::uint64_t>(static_cast<const volatile std::byte*>(place) -
                                                           reinterpret_cast<const volatile std::byte*>(dma_));
}

/// Fills a free descriptor, and leads to the next free one.
std::uint16_t HostDisk::add(std::uint16_t at, std::uint64_t address, std::uint64_t bytes, bool device_writes) {
    dma_->descriptors[at] = {address, static_cast<std::uint32_t>(bytes),
                             static_cast<std::uint16_t>(next_flag | (device_writes ? device_writes_flag : 0)),
                             next_[at]};
    --free_count_;
    return next_[at];
}

bool HostDisk::submit(const devices::DiskRequest& request, Listener& listener) {
    using enum devices::DiskOperation;
    const bool moves = request.operation == Read || request.operation == Write;
    const bool has_range = request.operation == Discard || request.operation == WriteZeroes;
    const std::size_t needed = 2 + (moves ? request.segments.size() : has_range);
    if (request.operation == Flush && !has(flush_feature)) { // then every write is stable when it is done
        listener.disk_done(request.token, true);
        return true;
    }
    if (needed > free_count_)
        return false;
    const std::uint16_t first = free_;
    dma_->headers[first] = {type_of(request.operation), 0, moves ? request.sector : 0};
    std::uint16_t at = add(first, dma_address(&dma_->headers[first]), sizeof(Header), false);
    if (moves)
        for (const devices::Segment& segment : request.segments)
            at = add(at, ram_.first.value + (segment.address.value - ram_base_.value), segment.bytes,
                     request.operation == Read);
    if (has_range) { // virtio_blk_discard_write_zeroes: sector, number of sectors, flags
        const std::uint64_t count = request.sectors;
        std::memcpy(&dma_->ranges[first], &request.sector, sizeof request.sector);
        std::memcpy(reinterpret_cast<std::byte*>(&dma_->ranges[first]) + sizeof request.sector, &count, sizeof count);
        at = add(at, dma_address(&dma_->ranges[first]), sizeof(Header), false);
    }
    dma_->status[first] = 0xff;
    const std::uint16_t last = at;
    free_ = add(at, dma_address(&dma_->status[first]), 1, true);
    dma_->descriptors[last].flags = device_writes_flag;
    flights_[first] = {request.token, &listener, needed};
    const std::uint16_t index = dma_->available_index;
    dma_->available[index % queue_size] = first;
    __atomic_store_n(&dma_->available_index, static_cast<std::uint16_t>(index + 1), __ATOMIC_RELEASE);
    sdk::Device::fence(); // the ring before the notification
    reg(queue_notify) = 0;
    return true;
}

/// Gives a chain's descriptors back.
void HostDisk::release(std::uint16_t first, std::size_t count) {
    std::uint16_t last = first;
    for (std::size_t i = 1; i < count; ++i)
        last = next_[last];
    free_count_ = static_cast<std::uint16_t>(free_count_ + count);
    next_[last] = free_;
    free_ = first;
}

/// One round of the ring at most, however far on a broken device says that it is: what a good one finishes after the
/// acknowledgement it interrupts for again.
void HostDisk::interrupt() {
    reg(interrupt_acknowledge) = reg(interrupt_status);
    std::uint16_t end = __atomic_load_n(&dma_->used_index, __ATOMIC_ACQUIRE);
    for (std::size_t left = queue_size; left != 0 && seen_ != end; --left) {
        const std::uint32_t first = dma_->used[seen_++ % queue_size].id;
        if (first >= queue_size || !flights_[first].listener)
            continue; // not one of ours: no device does that
        const Flight flight = std::exchange(flights_[first], {});
        const bool well = dma_->status[first] == 0;
        release(static_cast<std::uint16_t>(first), flight.descriptors);
        flight.listener->disk_done(flight.token, well);
        end = __atomic_load_n(&dma_->used_index, __ATOMIC_ACQUIRE);
    }
    device_->acknowledge_interrupt(0);
}

}
