// SPDX-License-Identifier: Apache-2.0
#pragma once

// The guest's side of virtio, for unit tests and fuzzers: a small RAM, rings in it, and the registers.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "devices/virtio/mmio.hpp"

namespace devices::virtio::test {

/// RAM of exactly that many bytes, so that a sanitizer sees the first one beyond.
class Ram {
  public:
    static constexpr GuestPhysical base{0x8000'0000};
    static constexpr std::size_t bytes = 0x40000;
    /// Where queues are, and from where on buffers can be.
    static constexpr std::uint64_t queue_stride = 0x3000, buffers = 0x20000;

    GuestRam view() const { return {base, {memory_.get(), bytes}}; }
    static GuestPhysical at(std::uint64_t offset) { return {base.value + offset}; }
    static GuestPhysical buffer(std::uint64_t offset) { return at(buffers + offset); }
    void put(GuestPhysical address, std::string_view text) const {
        view().write_bytes(address, std::as_bytes(std::span{text}));
    }
    std::string text(GuestPhysical address, std::size_t count) const {
        std::string result(count, '?');
        view().read_bytes(address, std::as_writable_bytes(std::span{result}));
        return result;
    }

  private:
    std::unique_ptr<std::byte[]> memory_ = std::make_unique<std::byte[]>(bytes);
};

inline constexpr std::uint16_t flag_next = 1, flag_write = 2, flag_indirect = 4; ///< of descriptors

struct Buffer {
    GuestPhysical address;
    std::uint32_t length;
    bool writable = false;
};

struct Used {
    std::uint32_t id;
    std::uint32_t length;
    friend bool operator==(Used, Used) = default;
};

/// A queue as a driver has it: places rings, writes descriptors one after the other, reads what was used.
class QueueDriver {
  public:
    QueueDriver(const Ram& ram, unsigned index, std::uint16_t size = usual_queue_size)
        : ram_{ram.view()}, base_{Ram::at(index * Ram::queue_stride)}, size_{size} {}

    QueueLayout layout() const { return {size_, base_, at(driver_area()), at(device_area())}; }
    std::uint16_t size() const { return size_; }

    void descriptor(std::uint32_t index, GuestPhysical address, std::uint32_t length, std::uint16_t flags,
                    std::uint16_t following = 0) const {
        write_descriptor({base_.value + 16 * std::uint64_t{index}}, address, length, flags, following);
    }
    void write_descriptor(GuestPhysical place, GuestPhysical address, std::uint32_t length, std::uint16_t flags,
                          std::uint16_t following) const {
        ram_.write(place, address.value);
        ram_.write({place.value + 8}, length);
        ram_.write({place.value + 12}, flags);
        ram_.write({place.value + 14}, following);
    }
    /// Puts a chain into the next free descriptors; its head.
    std::uint16_t chain(const std::vector<Buffer>& buffers) {
        const std::uint16_t head = free_;
        for (std::size_t index = 0; index < buffers.size(); ++index) {
            const auto following = static_cast<std::uint16_t>((free_ + 1) % size_);
            descriptor(free_, buffers[index].address, buffers[index].length, flags(buffers, index), following);
            free_ = following;
        }
        return head;
    }
    /// Puts a chain into an indirect table at `table`; the head of the descriptor that leads there.
    std::uint16_t indirect_chain(GuestPhysical table, const std::vector<Buffer>& buffers) {
        for (std::size_t index = 0; index < buffers.size(); ++index)
            write_descriptor({table.value + 16 * index}, buffers[index].address, buffers[index].length,
                             flags(buffers, index), static_cast<std::uint16_t>(index + 1));
        const std::uint16_t head = free_;
        descriptor(head, table, static_cast<std::uint32_t>(16 * buffers.size()), flag_indirect);
        free_ = static_cast<std::uint16_t>((free_ + 1) % size_);
        return head;
    }
    void make_available(std::uint16_t head) {
        ram_.write(at(driver_area() + 4 + 2 * (available_ % size_)), head);
        set_available_index(static_cast<std::uint16_t>(available_ + 1));
    }
    void set_available_index(std::uint16_t index) {
        available_ = index;
        ram_.write(at(driver_area() + 2), index);
    }
    void add(const std::vector<Buffer>& buffers) { make_available(chain(buffers)); }

    std::uint16_t available_index() const { return *ram_.read<std::uint16_t>(at(driver_area() + 2)); }
    std::uint16_t used_index() const { return *ram_.read<std::uint16_t>(at(device_area() + 2)); }
    Used used(std::uint16_t index) const { return *ram_.read<Used>(at(device_area() + 4 + 8 * (index % size_))); }
    /// All that was used since the last time.
    std::vector<Used> harvest() {
        std::vector<Used> result;
        for (; harvested_ != used_index(); ++harvested_)
            result.push_back(used(harvested_));
        return result;
    }

    void set_available_flags(std::uint16_t value) const { ram_.write(at(driver_area()), value); }
    void set_used_event(std::uint16_t value) const {
        ram_.write(at(driver_area() + 4 + 2 * std::uint32_t{size_}), value);
    }
    std::uint16_t avail_event() const {
        return *ram_.read<std::uint16_t>(at(device_area() + 4 + 8 * std::uint32_t{size_}));
    }

  private:
    // One larger than most reaches into the next queue's place.
    std::uint32_t driver_area() const { return std::max(0x1000u, 16u * size_); }
    std::uint32_t device_area() const { return driver_area() + 0x1000; }
    GuestPhysical at(std::uint32_t offset) const { return {base_.value + offset}; }
    static std::uint16_t flags(const std::vector<Buffer>& buffers, std::size_t index) {
        return static_cast<std::uint16_t>((buffers[index].writable ? flag_write : 0) |
                                          (index + 1 < buffers.size() ? flag_next : 0));
    }

    GuestRam ram_;
    GuestPhysical base_;
    std::uint16_t size_, free_ = 0, available_ = 0, harvested_ = 0;
};

/// An interrupt line that says how it is.
class Line final : public InterruptController {
  public:
    bool high = false;
    unsigned rises = 0;

    InterruptLine line() { return {*this, 1}; }
    void set_level(std::uint32_t, bool level) override {
        rises += level && !high;
        high = level;
    }
};

/// Offsets of registers, by their names in the specification.
enum : std::uint64_t {
    MagicValue = 0x000,
    Version = 0x004,
    DeviceID = 0x008,
    VendorID = 0x00c,
    DeviceFeatures = 0x010,
    DeviceFeaturesSel = 0x014,
    DriverFeatures = 0x020,
    DriverFeaturesSel = 0x024,
    QueueSel = 0x030,
    QueueSizeMax = 0x034,
    QueueSize = 0x038,
    QueueReady = 0x044,
    QueueNotify = 0x050,
    InterruptStatus = 0x060,
    InterruptACK = 0x064,
    Status = 0x070,
    QueueDescLow = 0x080,
    QueueDriverLow = 0x090,
    QueueDeviceLow = 0x0a0,
    SHMLenLow = 0x0b0,
    SHMBaseHigh = 0x0bc,
    QueueReset = 0x0c0,
    ConfigGeneration = 0x0fc,
    Config = 0x100,
};

/// A driver's way to the registers.
class Registers {
  public:
    explicit Registers(Mmio& mmio) : mmio_{mmio} {}

    /// Aborts if a guest that looks into the page sees another value.
    std::uint32_t get(std::uint64_t offset) const {
        const std::uint32_t shown = mmio_.page().words[offset / 4];
        const auto value = static_cast<std::uint32_t>(mmio_.read(offset, 4));
        if (offset % 4 == 0 && shown != value) {
            std::fprintf(stderr, "register %#lx: %#x, but shown as %#x\n", offset, value, shown);
            std::abort();
        }
        return value;
    }
    void set(std::uint64_t offset, std::uint32_t value) const { mmio_.write(offset, 4, value); }
    void set_address(std::uint64_t low, GuestPhysical address) const {
        set(low, static_cast<std::uint32_t>(address.value));
        set(low + 4, static_cast<std::uint32_t>(address.value >> 32));
    }
    std::uint64_t offered() const {
        set(DeviceFeaturesSel, 0);
        const std::uint64_t low = get(DeviceFeatures);
        set(DeviceFeaturesSel, 1);
        return low | std::uint64_t{get(DeviceFeatures)} << 32;
    }
    void choose(std::uint64_t features) const {
        set(DriverFeaturesSel, 0);
        set(DriverFeatures, static_cast<std::uint32_t>(features));
        set(DriverFeaturesSel, 1);
        set(DriverFeatures, static_cast<std::uint32_t>(features >> 32));
    }
    /// "Device Initialization" up to FEATURES_OK; whether the device took the features.
    bool negotiate(std::uint64_t features) const {
        set(Status, 0);
        set(Status, status::acknowledge);
        set(Status, status::acknowledge | status::driver);
        choose(features);
        set(Status, get(Status) | status::features_ok);
        return get(Status) & status::features_ok;
    }
    void place(unsigned index, const QueueLayout& layout) const {
        set(QueueSel, index);
        set(QueueSize, layout.size);
        set_address(QueueDescLow, layout.descriptors);
        set_address(QueueDriverLow, layout.driver);
        set_address(QueueDeviceLow, layout.device);
        set(QueueReady, 1);
    }
    void drive() const { set(Status, get(Status) | status::driver_ok); }
    /// All of it: features, queues 0 to count - 1 where QueueDriver has them, DRIVER_OK.
    bool bring_up(const Ram& ram, unsigned count, std::uint64_t features, std::uint16_t size = usual_queue_size) const {
        if (!negotiate(features))
            return false;
        for (unsigned index = 0; index < count; ++index)
            place(index, QueueDriver{ram, index, size}.layout());
        drive();
        return true;
    }
    void notify(unsigned index) const { set(QueueNotify, index); }

  private:
    Mmio& mmio_;
};

}
