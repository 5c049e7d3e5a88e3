// SPDX-License-Identifier: Apache-2.0
#include "services/console/control_port.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string_view>

#include "base/control.hpp"

namespace {

// "MMIO Device Register Layout".
constexpr std::size_t magic = 0x00, version = 0x04, device_id = 0x08, device_features = 0x10, device_select = 0x14,
                      driver_features = 0x20, driver_select = 0x24, queue_select = 0x30, queue_limit = 0x34,
                      queue_length = 0x38, queue_ready = 0x44, queue_notify = 0x50, interrupt_status = 0x60,
                      interrupt_acknowledge = 0x64, device_status = 0x70, queue_descriptors = 0x80, queue_driver = 0x90,
                      queue_device = 0xa0, config = 0x100;
constexpr std::uint32_t magic_value = 0x74726976, modern = 2, console_device = 3;
constexpr std::uint32_t acknowledged = 1, driver = 2, driver_ok = 4, features_ok = 8;
constexpr std::uint32_t multiport = 1 << 1; // of the low half
constexpr std::uint32_t version_1 = 1 << 0; // of the high half
constexpr std::uint16_t device_writes = 2;
enum Event : std::uint16_t { DeviceReady = 0, PortAdd = 1, PortReady = 3, PortOpen = 6, PortName = 7 };

}

abi::Result<ControlPort> ControlPort::open(const sdk::Device& device, std::span<std::byte> dma,
                                           HostPhysical dma_address) {
    if (dma.size() < sizeof(Dma) || device.bytes() < config + sizeof(std::uint32_t))
        return std::unexpected{abi::Error::BadArgument};
    ControlPort port{device, *new (dma.data()) Dma{}, dma_address};
    if (!port.start())
        return std::unexpected{abi::Error::Unsupported};
    return port;
}

/// "Device Initialization": the steps in the order that it asks for.
bool ControlPort::start() {
    if (reg(magic) != magic_value || reg(version) != modern || reg(device_id) != console_device)
        return false;
    reg(device_status) = 0;
    constexpr int patience = 1'000'000;
    for (int tries = 0; reg(device_status) != 0; ++tries)
        if (tries == patience)
            return false;
    reg(device_status) = acknowledged;
    reg(device_status) = acknowledged | driver;
    const std::array wanted{multiport, version_1};
    for (std::uint32_t half = 0; half < wanted.size(); ++half) {
        reg(device_select) = half;
        if ((reg(device_features) & wanted[half]) == 0)
            return false;
        reg(driver_select) = half;
        reg(driver_features) = wanted[half];
    }
    reg(device_status) = acknowledged | driver | features_ok;
    if ((reg(device_status) & features_ok) == 0)
        return false;
    for (std::size_t queue = 0; queue < queue_count; ++queue)
        set_up(queue);
    reg(device_status) = acknowledged | driver | features_ok | driver_ok;
    for (std::uint16_t i = 0; i < queue_size; ++i)
        offer(control_receive, i, control_bytes);
    notify(control_receive);
    send({0, DeviceReady, 1});
    return true;
}

/// Gives every descriptor of a queue its buffer. Both ports have the same: only one of them is ever used.
void ControlPort::set_up(std::size_t queue) {
    reg(queue_select) = number(queue);
    if (reg(queue_limit) < queue_size)
        return; // the device has no such port
    Ring& ring = dma_->rings[queue];
    for (std::size_t i = 0; i < queue_size; ++i) {
        const void* buffer = queue == control_receive    ? dma_->control_in[i].data()
                             : queue == control_transmit ? dma_->control_out[i].data()
                             : queue % 2 == 0            ? dma_->in[i].data()
                                                         : dma_->out[i].data();
        ring.descriptors[i] = {dma_address(buffer), 0, queue % 2 == 0 ? device_writes : std::uint16_t{0}, 0};
    }
    if (queue % 2 == 1)
        free_[queue] = 0xffff;
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

std::uint64_t ControlPort::dma_address(const volatile void* place) const {
    return dma_address_.value + static_cast<std::uint64_t>(static_cast<const volatile std::byte*>(place) -
                                                           reinterpret_cast<const volatile std::byte*>(dma_));
}

/// Hands a descriptor's buffer to the device, which need not know of it yet.
void ControlPort::offer(std::size_t queue, std::uint16_t descriptor, std::size_t bytes) {
    Ring& ring = dma_->rings[queue];
    ring.descriptors[descriptor].bytes = static_cast<std::uint32_t>(bytes);
    const std::uint16_t index = ring.available_index;
    ring.available[index % queue_size] = descriptor;
    __atomic_store_n(&ring.available_index, static_cast<std::uint16_t>(index + 1), __ATOMIC_RELEASE);
}

void ControlPort::notify(std::size_t queue) const {
    asm volatile("fence iorw, iorw" ::: "memory"); // the ring before the notification
    reg(queue_notify) = number(queue);
}

std::uint16_t ControlPort::used_index(std::size_t queue) const {
    return __atomic_load_n(&dma_->rings[queue].used_index, __ATOMIC_ACQUIRE);
}

/// Takes back what the device has sent.
void ControlPort::reclaim(std::size_t queue) {
    for (const std::uint16_t end = used_index(queue); seen_[queue] != end; ++seen_[queue])
        free_[queue] |=
            static_cast<std::uint16_t>(1 << dma_->rings[queue].used[seen_[queue] % queue_size].id % queue_size);
}

/// A control message; one that finds no room is lost, as no device lets it come to that.
void ControlPort::send(const Message& message) {
    reclaim(control_transmit);
    if (free_[control_transmit] == 0)
        return;
    const auto descriptor = static_cast<std::uint16_t>(std::countr_zero(free_[control_transmit]));
    free_[control_transmit] &= static_cast<std::uint16_t>(~(1 << descriptor));
    std::memcpy(dma_->control_out[descriptor].data(), &message, sizeof message);
    offer(control_transmit, descriptor, sizeof message);
    notify(control_transmit);
}

void ControlPort::hear(std::span<const std::byte> bytes) {
    Message message;
    if (bytes.size() < sizeof message)
        return;
    std::memcpy(&message, bytes.data(), sizeof message);
    std::string_view name{reinterpret_cast<const char*>(bytes.data()) + sizeof message, bytes.size() - sizeof message};
    name = name.substr(0, name.find('\0'));
    if (message.port < first_port || message.port >= first_port + ports)
        return;
    if (message.event == PortAdd) {
        send({message.port, PortReady, 1});
    } else if (message.event == PortName && port_ == 0 && name == control::port_name) {
        port_ = message.port;
        for (std::uint16_t i = 0; i < queue_size; ++i)
            offer(receive_queue(), i, receive_bytes);
        notify(receive_queue());
        send({port_, PortOpen, 1});
    } else if (message.event == PortOpen && message.port == port_) {
        changed_ = true;
    }
}

bool ControlPort::poll() {
    reg(interrupt_acknowledge) = reg(interrupt_status);
    // Data that is there before the messages are looked at: what they say of a connection holds for that.
    const std::uint16_t readable = port_ != 0 ? used_index(receive_queue()) : 0;
    changed_ = false;
    for (const std::uint16_t end = used_index(control_receive); seen_[control_receive] != end;) {
        const Used used = dma_->rings[control_receive].used[seen_[control_receive]++ % queue_size];
        const auto descriptor = static_cast<std::uint16_t>(used.id % queue_size);
        std::array<std::byte, control_bytes> message = dma_->control_in[descriptor];
        hear(std::span{message}.first(std::min<std::size_t>(used.bytes, control_bytes)));
        offer(control_receive, descriptor, control_bytes);
        notify(control_receive);
    }
    readable_ = readable;
    drop(0); // buffers with nothing in them
    return changed_;
}

std::span<const std::byte> ControlPort::received() const {
    if (port_ == 0 || seen_[receive_queue()] == readable_)
        return {};
    const Used used = dma_->rings[receive_queue()].used[seen_[receive_queue()] % queue_size];
    const std::size_t bytes = std::min<std::size_t>(used.bytes, receive_bytes);
    return std::span{dma_->in[used.id % queue_size]}.subspan(std::min(taken_, bytes), bytes - std::min(taken_, bytes));
}

void ControlPort::drop(std::size_t bytes) {
    taken_ += bytes;
    while (port_ != 0 && seen_[receive_queue()] != readable_ && received().empty()) {
        const Used used = dma_->rings[receive_queue()].used[seen_[receive_queue()]++ % queue_size];
        taken_ = 0;
        offer(receive_queue(), static_cast<std::uint16_t>(used.id % queue_size), receive_bytes);
        notify(receive_queue());
    }
}

std::size_t ControlPort::write(std::span<const std::byte> bytes) {
    if (port_ == 0)
        return 0;
    const std::size_t queue = receive_queue() + 1;
    std::size_t written = 0;
    reclaim(queue);
    while (written < bytes.size() && free_[queue] != 0) {
        const auto descriptor = static_cast<std::uint16_t>(std::countr_zero(free_[queue]));
        free_[queue] &= static_cast<std::uint16_t>(~(1 << descriptor));
        const auto piece = bytes.subspan(written, std::min(bytes.size() - written, transmit_bytes));
        std::memcpy(dma_->out[descriptor].data(), piece.data(), piece.size());
        offer(queue, descriptor, piece.size());
        written += piece.size();
    }
    if (written != 0)
        notify(queue);
    return written;
}
