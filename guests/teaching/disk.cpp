// SPDX-License-Identifier: Apache-2.0
#include "guests/teaching/disk.hpp"

#include <atomic>

namespace disk {

namespace {

/// Registers of a virtio device on the MMIO transport (virtio 1.3, "MMIO Device Register Layout"). An address has its
/// low half there and its high half in the next register.
namespace at {
constexpr std::uint64_t magic_value = 0x00, version = 0x04, device_id = 0x08, driver_features = 0x20,
                        driver_features_sel = 0x24, queue_sel = 0x30, queue_num = 0x38, queue_ready = 0x44,
                        queue_notify = 0x50, status = 0x70, queue_desc = 0x80, queue_driver = 0x90, queue_device = 0xa0,
                        capacity = 0x100;
}
namespace status {
constexpr std::uint32_t acknowledge = 1, driver = 2, driver_ok = 4, features_ok = 8;
}
namespace flag { // of a descriptor
constexpr std::uint16_t next = 1, device_writes = 2;
}

// A virtqueue of four descriptors (virtio 1.3, "Split Virtqueues"); one request at a time needs three.
constexpr std::uint16_t queue_size = 4;

struct Descriptor {
    std::uint64_t address;
    std::uint32_t bytes;
    std::uint16_t flags, next;
};
struct alignas(16) Queue {
    Descriptor descriptors[queue_size];
    struct {
        std::uint16_t flags, index, ring[queue_size];
    } available;
    struct alignas(4) {
        std::uint16_t flags, index;
        std::uint32_t ring[queue_size][2]; ///< of no use here: there is one request at a time
    } used;
};

struct Request {
    enum Type : std::uint32_t { In = 0, Out = 1 } type;
    std::uint32_t reserved;
    std::uint64_t sector;
};

constinit Queue queue{};
constinit Request request{};
constinit std::uint8_t result = 0;
constinit std::uint64_t base = 0, capacity = 0;

volatile std::uint32_t& reg(std::uint64_t offset) {
    return *reinterpret_cast<volatile std::uint32_t*>(base + offset);
}

std::uint64_t address_of(const auto& object) {
    return reinterpret_cast<std::uint64_t>(&object); // virtual is physical, in this kernel
}

void set_address(std::uint64_t offset, std::uint64_t address) {
    reg(offset) = static_cast<std::uint32_t>(address);
    reg(offset + 4) = static_cast<std::uint32_t>(address >> 32);
}

/// virtio 1.3, "Device Initialization". Of the features only version 1 is taken; without that for flushing, the device
/// writes through.
bool start_device() {
    constexpr std::uint32_t version_1 = 1 << (32 - 32); // bit 32: the lowest of the second word
    std::uint32_t state = status::acknowledge | status::driver;
    reg(at::status) = 0;
    reg(at::status) = state;
    reg(at::driver_features_sel) = 0;
    reg(at::driver_features) = 0;
    reg(at::driver_features_sel) = 1;
    reg(at::driver_features) = version_1;
    reg(at::status) = state |= status::features_ok;
    if ((reg(at::status) & status::features_ok) == 0)
        return false;
    reg(at::queue_sel) = 0;
    reg(at::queue_num) = queue_size;
    set_address(at::queue_desc, address_of(queue.descriptors));
    set_address(at::queue_driver, address_of(queue.available));
    set_address(at::queue_device, address_of(queue.used));
    reg(at::queue_ready) = 1;
    reg(at::status) = state |= status::driver_ok;
    return true;
}

/// Gives the device a chain of three descriptors (what to do; the data; where the result goes) and waits.
bool transfer(Request::Type type, std::uint64_t number, std::uint64_t data) {
    if (number >= capacity)
        return false;
    constexpr std::uint16_t both = flag::next | flag::device_writes;
    request = {type, 0, number};
    result = 0xff;
    queue.descriptors[0] = {address_of(request), sizeof request, flag::next, 1};
    queue.descriptors[1] = {data, sizeof(Sector), type == Request::In ? both : flag::next, 2};
    queue.descriptors[2] = {address_of(result), sizeof result, flag::device_writes, 0};
    const std::uint16_t index = queue.available.index;
    queue.available.ring[index % queue_size] = 0;
    const std::atomic_ref available{queue.available.index}, used{queue.used.index};
    const auto done = static_cast<std::uint16_t>(index + 1);
    available.store(done, std::memory_order_release); // only after what it promises
    asm volatile("fence w, o" ::: "memory");          // memory, before the device is told to look at it
    reg(at::queue_notify) = 0;
    while (used.load(std::memory_order_acquire) != done) {
    }
    return result == 0;
}

}

void start() {
    constexpr std::uint64_t first = 0x1000'1000, stride = 0x1000, slots = 8; // QEMU's virt
    constexpr std::uint32_t magic = 0x74726976, modern = 2, block_device = 2;
    for (std::uint64_t slot = 0; slot < slots && capacity == 0; ++slot) {
        base = first + slot * stride;
        if (reg(at::magic_value) == magic && reg(at::version) == modern && reg(at::device_id) == block_device &&
            start_device())
            capacity = reg(at::capacity) | std::uint64_t{reg(at::capacity + 4)} << 32;
    }
}

std::uint64_t sectors() {
    return capacity;
}

bool read(std::uint64_t number, Sector& sector) {
    return transfer(Request::In, number, address_of(sector));
}

bool write(std::uint64_t number, const Sector& sector) {
    return transfer(Request::Out, number, address_of(sector));
}

}
