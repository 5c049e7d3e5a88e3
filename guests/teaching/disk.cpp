// SPDX-License-Identifier: Apache-2.0
#include "guests/teaching/disk.hpp"

#include <atomic>

namespace disk {

namespace {

/// Registers of a virtio device on the MMIO transport (virtio 1.3, "MMIO Device Register Layout").
enum class Register : std::uint64_t {
    MagicValue = 0x00,
    Version = 0x04,
    DeviceId = 0x08,
    DriverFeatures = 0x20,
    DriverFeaturesSel = 0x24,
    QueueSel = 0x30,
    QueueNum = 0x38,
    QueueReady = 0x44,
    QueueNotify = 0x50,
    Status = 0x70,
    QueueDesc = 0x80, ///< a low half, and a high one behind it; as all that follows
    QueueDriver = 0x90,
    QueueDevice = 0xa0,
    Capacity = 0x100,
};

namespace status {
constexpr std::uint32_t acknowledge = 1, driver = 2, driver_ok = 4, features_ok = 8;
}

// A virtqueue of four descriptors (virtio 1.3, "Split Virtqueues"); one request at a time needs three.
constexpr std::uint16_t queue_size = 4;
enum DescriptorFlags : std::uint16_t { Last = 0, Next = 1, DeviceWrites = 2 };

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
    struct {
        std::uint16_t flags, index;
        struct {
            std::uint32_t head, bytes;
        } ring[queue_size];
    } used;
};
static_assert(offsetof(Queue, used) % 4 == 0);

enum class RequestType : std::uint32_t { In = 0, Out = 1 };

struct Request {
    RequestType type;
    std::uint32_t reserved;
    std::uint64_t sector;
};

constinit Queue queue{};
constinit Request request{};
constinit std::uint8_t result = 0;
constinit std::uint64_t base = 0, capacity = 0;

volatile std::uint32_t& reg(Register number, std::uint64_t more = 0) {
    return *reinterpret_cast<volatile std::uint32_t*>(base + static_cast<std::uint64_t>(number) + more);
}

std::uint64_t address_of(const auto& object) {
    return reinterpret_cast<std::uint64_t>(&object); // virtual is physical, in this kernel
}

void set_address(Register number, std::uint64_t address) {
    reg(number) = static_cast<std::uint32_t>(address);
    reg(number, 4) = static_cast<std::uint32_t>(address >> 32);
}

/// virtio 1.3, "Device Initialization". Of the features only version 1 is taken; without that for flushing, the device
/// writes through.
bool start_device() {
    constexpr std::uint32_t version_1 = 1 << (32 - 32); // bit 32: the lowest of the second word
    std::uint32_t state = status::acknowledge | status::driver;
    reg(Register::Status) = 0;
    reg(Register::Status) = state;
    reg(Register::DriverFeaturesSel) = 0;
    reg(Register::DriverFeatures) = 0;
    reg(Register::DriverFeaturesSel) = 1;
    reg(Register::DriverFeatures) = version_1;
    reg(Register::Status) = state |= status::features_ok;
    if ((reg(Register::Status) & status::features_ok) == 0)
        return false;
    reg(Register::QueueSel) = 0;
    reg(Register::QueueNum) = queue_size;
    set_address(Register::QueueDesc, address_of(queue.descriptors));
    set_address(Register::QueueDriver, address_of(queue.available));
    set_address(Register::QueueDevice, address_of(queue.used));
    reg(Register::QueueReady) = 1;
    reg(Register::Status) = state |= status::driver_ok;
    return true;
}

/// Gives the device a chain of three descriptors (what to do; the data; where the result goes) and waits.
bool transfer(RequestType type, std::uint64_t number, std::uint64_t data) {
    if (number >= capacity)
        return false;
    const std::uint16_t direction = type == RequestType::In ? DeviceWrites : Last;
    request = {type, 0, number};
    result = 0xff;
    queue.descriptors[0] = {address_of(request), sizeof request, Next, 1};
    queue.descriptors[1] = {data, sizeof(Sector), static_cast<std::uint16_t>(Next | direction), 2};
    queue.descriptors[2] = {address_of(result), sizeof result, DeviceWrites, 0};
    const std::uint16_t index = queue.available.index;
    queue.available.ring[index % queue_size] = 0;
    const std::atomic_ref available{queue.available.index}, used{queue.used.index};
    const auto done = static_cast<std::uint16_t>(index + 1);
    available.store(done, std::memory_order_release); // only after what it promises
    asm volatile("fence w, o" ::: "memory");          // memory, before the device is told to look at it
    reg(Register::QueueNotify) = 0;
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
        if (reg(Register::MagicValue) == magic && reg(Register::Version) == modern &&
            reg(Register::DeviceId) == block_device && start_device())
            capacity = reg(Register::Capacity) | std::uint64_t{reg(Register::Capacity, 4)} << 32;
    }
}

std::uint64_t sectors() {
    return capacity;
}

bool read(std::uint64_t number, Sector& sector) {
    return transfer(RequestType::In, number, address_of(sector));
}

bool write(std::uint64_t number, const Sector& sector) {
    return transfer(RequestType::Out, number, address_of(sector));
}

}
