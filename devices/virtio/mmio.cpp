// SPDX-License-Identifier: Apache-2.0
#include "devices/virtio/mmio.hpp"

#include <algorithm>
#include <atomic>

namespace devices::virtio {

namespace {

constexpr std::uint32_t magic = 0x7472'6976, version = 2;
constexpr std::uint32_t vendor = 0x5744'4e53; // "SNDW"
constexpr std::uint64_t configuration_space = 0x100;
constexpr std::uint32_t no_shared_memory = ~std::uint32_t{0};
// Interrupt status.
constexpr std::uint32_t used_buffer = 1, configuration_change = 2;

/// `number` with 32 of its bits replaced: the low or the high ones.
constexpr std::uint64_t with_half(std::uint64_t number, bool high, std::uint32_t half) {
    return high ? (number & 0xffff'ffff) | std::uint64_t{half} << 32 : (number >> 32) << 32 | half;
}
static_assert(with_half(0x1111'1111'2222'2222, false, 3) == 0x1111'1111'0000'0003);
static_assert(with_half(0x1111'1111'2222'2222, true, 3) == 0x0000'0003'2222'2222);

}

enum class Mmio::Register : std::uint64_t {
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
    QueueDescHigh = 0x084,
    QueueDriverLow = 0x090,
    QueueDriverHigh = 0x094,
    QueueDeviceLow = 0x0a0,
    QueueDeviceHigh = 0x0a4,
    SHMLenLow = 0x0b0,
    SHMLenHigh = 0x0b4,
    SHMBaseLow = 0x0b8,
    SHMBaseHigh = 0x0bc,
    QueueReset = 0x0c0,
    ConfigGeneration = 0x0fc,
};

Mmio::Mmio(Model& model, InterruptLine line) : model_{model}, line_{line} {
    model_.connect(*this);
    show_all();
}

std::uint64_t Mmio::read(std::uint64_t offset, unsigned width) {
    if (offset >= configuration_space)
        return read_configuration(offset - configuration_space, width);
    if (width != 4)
        return 0;
    (void)resetting(); // which is found out when somebody looks
    return read_register(Register{offset});
}

void Mmio::write(std::uint64_t offset, unsigned width, std::uint64_t value) {
    if (offset >= configuration_space) {
        write_configuration(offset - configuration_space, width, value);
        show_configuration();
    } else if (width == 4 && !resetting()) {
        write_register(Register{offset}, static_cast<std::uint32_t>(value));
    }
}

std::uint32_t Mmio::read_register(Register which) {
    Queue* const queue = selected();
    switch (which) {
    case Register::MagicValue: return magic;
    case Register::Version: return version;
    case Register::DeviceID: return model_.device_id();
    case Register::VendorID: return vendor;
    case Register::DeviceFeatures:
        return device_features_sel_ < 2 ? static_cast<std::uint32_t>(offered() >> (32 * device_features_sel_)) : 0;
    case Register::QueueSizeMax: return queue ? queue->limit() : 0;
    case Register::QueueReady: return queue && queue->ready();
    case Register::QueueReset: return queue && queue->ready() && !queue->running();
    case Register::InterruptStatus: return interrupt_status_;
    case Register::Status: return status_;
    case Register::SHMLenLow:
    case Register::SHMLenHigh:
    case Register::SHMBaseLow:
    case Register::SHMBaseHigh: return no_shared_memory;
    case Register::ConfigGeneration: return model_.generation();
    default: return 0; // written only, or none at all
    }
}

void Mmio::write_register(Register which, std::uint32_t value) {
    switch (which) {
    case Register::DeviceFeaturesSel: device_features_sel_ = value; break;
    case Register::DriverFeaturesSel: driver_features_sel_ = value; break;
    case Register::DriverFeatures: write_driver_features(value); break;
    case Register::QueueSel: queue_sel_ = value; break;
    case Register::QueueNotify:
        if (value < model_.queues().size())
            model_.serve(value);
        return;
    case Register::InterruptACK:
        interrupt_status_ &= ~value;
        show(Register::InterruptStatus);
        line_.set(false); // rises again for what is left: an interrupt controller may look at edges alone
        line_.set(interrupt_status_ != 0);
        return;
    case Register::Status: write_status(value); break;
    default: write_queue(which, value);
    }
    show_all();
}

/// Registers of the selected queue: due from FEATURES_OK on, while the queue is not ready.
void Mmio::write_queue(Register which, std::uint32_t value) {
    Queue* const queue = selected();
    constexpr std::uint32_t refused = status::device_needs_reset | status::failed;
    if (!queue || !(status_ & status::features_ok) || (status_ & refused))
        return;
    if (which == Register::QueueReady)
        return write_queue_ready(value & 1);
    if (which == Register::QueueReset && (value & 1) && (driver_features_ & feature::ring_reset))
        return model_.stop_queue(queue_sel_);
    if (queue->ready())
        return;
    QueueLayout& layout = layouts_[queue_sel_];
    const auto half = [value](GuestPhysical& address, bool high) {
        address.value = with_half(address.value, high, value);
    };
    switch (which) {
    case Register::QueueSize: layout.size = value; break;
    case Register::QueueDescLow: half(layout.descriptors, false); break;
    case Register::QueueDescHigh: half(layout.descriptors, true); break;
    case Register::QueueDriverLow: half(layout.driver, false); break;
    case Register::QueueDriverHigh: half(layout.driver, true); break;
    case Register::QueueDeviceLow: half(layout.device, false); break;
    case Register::QueueDeviceHigh: half(layout.device, true); break;
    default: break; // read only, or none at all
    }
}

void Mmio::write_queue_ready(bool ready) {
    Queue& queue = *selected();
    if (!ready)
        model_.stop_queue(queue_sel_);
    else if (!queue.ready() && !queue.start(model_.ram(), layouts_[queue_sel_], driver_features_))
        needs_reset();
}

void Mmio::write_driver_features(std::uint32_t value) {
    if ((status_ & status::driver) && !(status_ & status::features_ok) && driver_features_sel_ < 2)
        driver_features_ = with_half(driver_features_, driver_features_sel_ == 1, value);
}

bool Mmio::features_acceptable() const {
    return (driver_features_ & ~offered()) == 0 && (driver_features_ & feature::version_1);
}

/// "Device Initialization": each step only after the one before it, but for ACKNOWLEDGE: U-Boot's bus sets that, and
/// its drivers reset the device once more before they set DRIVER. Bits are cleared by a reset alone.
void Mmio::write_status(std::uint32_t value) {
    if (value == 0)
        return reset();
    status_ |= value & (status::acknowledge | status::driver | status::failed);
    if ((value & status::features_ok) && (status_ & status::driver) && features_acceptable())
        status_ |= status::features_ok;
    if (status_ & status::failed)
        return model_.stop();
    constexpr std::uint32_t refused = status::driver_ok | status::device_needs_reset;
    if ((value & status::driver_ok) && (status_ & status::features_ok) && !(status_ & refused)) {
        status_ |= status::driver_ok;
        model_.start(driver_features_);
    }
}

void Mmio::reset() {
    model_.stop();
    interrupt_status_ = 0;
    line_.set(false);
    resetting_ = true;
    (void)resetting();
}

bool Mmio::resetting() {
    if (resetting_ && model_.idle())
        finish_reset();
    return resetting_;
}

void Mmio::finish_reset() {
    for (Queue& queue : model_.queues())
        queue.reset();
    layouts_ = {};
    status_ = device_features_sel_ = driver_features_sel_ = queue_sel_ = 0;
    driver_features_ = 0;
    resetting_ = false;
    show_all();
}

/// Whoever was interrupted for a register finds it as it is: a store to memory before the interrupt.
void Mmio::show(Register which) {
    std::atomic_ref{page_->words[static_cast<std::size_t>(which) / 4]}.store(read_register(which),
                                                                             std::memory_order_release);
}

void Mmio::show_all() {
    for (std::uint64_t offset = 0; offset < configuration_space; offset += 4)
        show(Register{offset});
    show_configuration();
}

/// A driver that reads the generation, the space, and the generation again sees a change, however its loads fall
/// between these stores ("Device Configuration Space").
void Mmio::show_configuration() {
    constexpr std::size_t first = configuration_space / 4;
    const std::atomic_ref generation{page_->words[static_cast<std::size_t>(Register::ConfigGeneration) / 4]};
    const std::size_t words = std::min((model_.configuration().size() + 3) / 4, page_->words.size() - first);
    generation.store(~model_.generation());
    for (std::size_t i = 0; i < words; ++i)
        std::atomic_ref{page_->words[first + i]}.store(static_cast<std::uint32_t>(read_configuration(4 * i, 4)));
    generation.store(model_.generation());
}

std::uint64_t Mmio::read_configuration(std::uint64_t offset, unsigned width) const {
    const std::span<const std::byte> space = model_.configuration();
    std::uint64_t value = 0;
    if (offset < space.size())
        std::memcpy(&value, space.data() + offset, std::min<std::uint64_t>(width, space.size() - offset));
    return value;
}

void Mmio::write_configuration(std::uint64_t offset, unsigned width, std::uint64_t value) {
    model_.write_configuration(offset, std::as_bytes(std::span{&value, 1}).first(width));
}

Queue* Mmio::selected() {
    return queue_sel_ < model_.queues().size() ? &model_.queues()[queue_sel_] : nullptr;
}

void Mmio::raise(std::uint32_t events) {
    interrupt_status_ |= events;
    show(Register::InterruptStatus);
    line_.set(true);
}

void Mmio::buffers_used() {
    raise(used_buffer);
}

void Mmio::configuration_changed() {
    show_configuration();
    if ((status_ & status::driver_ok) && !resetting_)
        raise(configuration_change);
}

void Mmio::queue_ended() {
    if (resetting())
        return;
    show(Register::QueueReady);
    show(Register::QueueReset);
}

void Mmio::needs_reset() {
    if (awaits_reset())
        return;
    status_ |= status::device_needs_reset;
    model_.stop();
    show_all();
    if (status_ & status::driver_ok)
        raise(configuration_change);
}

}
