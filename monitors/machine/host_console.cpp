// SPDX-License-Identifier: Apache-2.0
#include "monitors/machine/host_console.hpp"

#include <algorithm>
#include <cstring>

namespace machine {

namespace {

// "MMIO Device Register Layout".
constexpr std::size_t magic = 0x00, version = 0x04, device_id = 0x08, device_features = 0x10, device_select = 0x14,
                      driver_features = 0x20, driver_select = 0x24, queue_select = 0x30, queue_length = 0x38,
                      queue_ready = 0x44, queue_notify = 0x50, interrupt_status = 0x60, interrupt_acknowledge = 0x64,
                      device_status = 0x70, queue_descriptors = 0x80, queue_driver = 0x90, queue_device = 0xa0;
constexpr std::uint32_t magic_value = 0x74726976, modern = 2, console_device = 3, version_1 = 1; // of the high half
constexpr std::uint32_t acknowledged = 1, driver = 2, driver_ok = 4, features_ok = 8;
constexpr std::uint16_t device_writes = 2;
constexpr std::uint32_t receive = 0, transmit = 1;
constexpr int patience = 100'000'000;

}

abi::Result<HostConsole> HostConsole::open(const sdk::Device& device, std::span<std::byte> dma, HostPhysical address) {
    if (dma.size() < sizeof(Dma) || device.bytes() <= queue_device + 4)
        return std::unexpected{abi::Error::BadArgument};
    HostConsole console{device, *new (dma.data()) Dma{}, address};
    if (!console.start())
        return std::unexpected{abi::Error::Unsupported};
    return console;
}

/// "Device Initialization": the steps in the order that it asks for.
bool HostConsole::start() {
    if (reg(magic) != magic_value || reg(version) != modern || reg(device_id) != console_device)
        return false;
    reg(device_status) = 0;
    for (int tries = 0; reg(device_status) != 0; ++tries)
        if (tries == patience)
            return false;
    reg(device_status) = acknowledged;
    reg(device_status) = acknowledged | driver;
    for (std::uint32_t half = 0; half < 2; ++half) {
        reg(device_select) = half;
        if (half == 1 && (reg(device_features) & version_1) == 0)
            return false;
        reg(driver_select) = half;
        reg(driver_features) = half == 1 ? version_1 : 0;
    }
    reg(device_status) = acknowledged | driver | features_ok;
    if ((reg(device_status) & features_ok) == 0)
        return false;
    set_up(receive);
    set_up(transmit);
    reg(device_status) = acknowledged | driver | features_ok | driver_ok;
    offer(receive, buffer_bytes);
    return true;
}

void HostConsole::set_up(std::uint32_t queue) {
    Queue& ring = dma_->queues[queue];
    ring.descriptors[0] = {dma_address(dma_->buffers[queue].data()), 0,
                           queue == receive ? device_writes : std::uint16_t{0}, 0};
    if (queue == receive)
        ring.available_flags = 0;
    else
        ring.available_flags = 1; // no interrupt: whoever writes waits
    reg(queue_select) = queue;
    reg(queue_length) = queue_size;
    const auto set = [&](std::size_t which, const volatile void* place) {
        reg(which) = static_cast<std::uint32_t>(dma_address(place));
        reg(which + 4) = static_cast<std::uint32_t>(dma_address(place) >> 32);
    };
    set(queue_descriptors, &ring.descriptors);
    set(queue_driver, &ring.available_flags);
    set(queue_device, &ring.used_flags);
    reg(queue_ready) = 1;
}

std::uint64_t HostConsole::dma_address(const volatile void* place) const {
    return address_.value + static_cast<std::uint64_t>(static_cast<const volatile std::byte*>(place) -
                                                       reinterpret_cast<const volatile std::byte*>(dma_));
}

/// Gives the queue's one buffer to the device.
void HostConsole::offer(std::uint32_t queue, std::size_t bytes) const {
    Queue& ring = dma_->queues[queue];
    ring.descriptors[0].bytes = static_cast<std::uint32_t>(bytes);
    ring.available[ring.available_index % queue_size] = 0;
    __atomic_store_n(&ring.available_index, static_cast<std::uint16_t>(ring.available_index + 1), __ATOMIC_RELEASE);
    asm volatile("fence iorw, iorw" ::: "memory"); // the ring before the notification
    reg(queue_notify) = queue;
}

/// Whether the device is done with the buffer.
bool HostConsole::finished(std::uint32_t queue, std::uint16_t seen) const {
    return __atomic_load_n(&dma_->queues[queue].used_index, __ATOMIC_ACQUIRE) != seen;
}

std::size_t HostConsole::read(std::span<std::byte> to) {
    if (!finished(receive, received_))
        return 0;
    const std::size_t there =
        std::min<std::size_t>(dma_->queues[receive].used[received_ % queue_size].bytes, buffer_bytes);
    const std::size_t count = std::min(to.size(), there - std::min(taken_, there));
    std::memcpy(to.data(), dma_->buffers[receive].data() + taken_, count);
    taken_ += count;
    if (taken_ >= there) {
        taken_ = 0;
        ++received_;
        offer(receive, buffer_bytes);
    }
    return count;
}

bool HostConsole::write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const auto piece = bytes.first(std::min(bytes.size(), buffer_bytes));
        std::memcpy(dma_->buffers[transmit].data(), piece.data(), piece.size());
        offer(transmit, piece.size());
        for (int tries = 0; !finished(transmit, sent_); ++tries)
            if (tries == patience)
                return false;
        ++sent_;
        bytes = bytes.subspan(piece.size());
    }
    return true;
}

void HostConsole::acknowledge() const {
    reg(interrupt_acknowledge) = reg(interrupt_status);
    device_->acknowledge_interrupt(0);
}

}
