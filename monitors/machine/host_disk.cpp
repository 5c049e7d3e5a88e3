// SPDX-License-Identifier: Apache-2.0
#include "monitors/machine/host_disk.hpp"

#include <cstring>
#include <numeric>
#include <utility>

namespace machine {

namespace {

constexpr std::uint32_t block_device = 2;

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
    if (dma.size() < sizeof(Dma))
        return std::unexpected{abi::Error::BadArgument};
    HostDisk disk{device, dma, dma_address, ram_base, ram};
    if (!disk.start(dma))
        return std::unexpected{abi::Error::Unsupported};
    return disk;
}

bool HostDisk::start(std::span<std::byte> dma) {
    constexpr std::uint64_t version_1 = std::uint64_t{1} << sdk::virtio::Transport::version_1_feature;
    constexpr std::uint64_t wanted =
        1 << read_only_feature | 1 << flush_feature | 1 << discard_feature | 1 << write_zeroes_feature | version_1;
    const auto features = transport_.begin(block_device, wanted, version_1, sizeof sectors_);
    if (!features)
        return false;
    features_ = *features;
    dma_ = new (dma.data()) Dma{};
    if (!transport_.set_up(0, dma_->ring))
        return false;
    transport_.go();
    sectors_ = transport_.config(0) | static_cast<std::uint64_t>(transport_.config(4)) << 32;
    flights_.resize(queue_size);
    next_.resize(queue_size);
    std::iota(next_.begin(), next_.end(), std::uint16_t{1});
    return true;
}

/// Fills a free descriptor, and leads to the next free one.
std::uint16_t HostDisk::add(std::uint16_t at, std::uint64_t address, std::uint64_t bytes, bool device_writes) {
    using namespace sdk::virtio;
    dma_->ring.descriptors[at] = {address, static_cast<std::uint32_t>(bytes),
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
    std::uint16_t at = add(first, transport_.address(&dma_->headers[first]), sizeof(Header), false);
    if (moves)
        for (const devices::Segment& segment : request.segments)
            at = add(at, ram_.first.value + (segment.address.value - ram_base_.value), segment.bytes,
                     request.operation == Read);
    if (has_range) { // virtio_blk_discard_write_zeroes: sector, number of sectors, flags
        const std::uint64_t count = request.sectors;
        std::memcpy(&dma_->ranges[first], &request.sector, sizeof request.sector);
        std::memcpy(reinterpret_cast<std::byte*>(&dma_->ranges[first]) + sizeof request.sector, &count, sizeof count);
        at = add(at, transport_.address(&dma_->ranges[first]), sizeof(Header), false);
    }
    dma_->status[first] = 0xff;
    const std::uint16_t last = at;
    free_ = add(at, transport_.address(&dma_->status[first]), 1, true);
    dma_->ring.descriptors[last].flags = sdk::virtio::device_writes_flag;
    flights_[first] = {request.token, &listener, needed};
    dma_->ring.offer(first);
    committed_ = false;
    return true;
}

void HostDisk::commit() {
    if (!std::exchange(committed_, true))
        transport_.notify(0);
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
    transport_.take_interrupt();
    std::uint16_t end = dma_->ring.given_back();
    for (std::size_t left = queue_size; left != 0 && seen_ != end; --left) {
        const std::uint32_t first = dma_->ring.used[seen_++ % queue_size].id;
        if (first >= queue_size || !flights_[first].listener)
            continue; // not one of ours: no device does that
        const Flight flight = std::exchange(flights_[first], {});
        const bool well = dma_->status[first] == 0;
        release(static_cast<std::uint16_t>(first), flight.descriptors);
        flight.listener->disk_done(flight.token, well);
        end = dma_->ring.given_back();
    }
    device_->acknowledge_interrupt(0);
}

}
