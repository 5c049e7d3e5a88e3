// SPDX-License-Identifier: Apache-2.0
#include "services/console/control_port.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string_view>

#include "base/control.hpp"

namespace {

constexpr std::uint32_t console_device = 3;
constexpr std::uint64_t multiport_feature = 1 << 1;
enum Event : std::uint16_t { DeviceReady = 0, PortAdd = 1, PortReady = 3, PortOpen = 6, PortName = 7 };

}

abi::Result<ControlPort> ControlPort::open(const sdk::Device& device, std::span<std::byte> dma,
                                           HostPhysical dma_address) {
    if (dma.size() < sizeof(Dma))
        return std::unexpected{abi::Error::BadArgument};
    ControlPort port{device, dma, dma_address};
    if (!port.start(dma))
        return std::unexpected{abi::Error::Unsupported};
    return port;
}

bool ControlPort::start(std::span<std::byte> dma) {
    constexpr std::uint64_t all = multiport_feature | std::uint64_t{1} << sdk::virtio::Transport::version_1_feature;
    if (!transport_.begin(console_device, all, all, sizeof(std::uint32_t)))
        return false;
    dma_ = new (dma.data()) Dma{};
    for (std::size_t queue = 0; queue < queue_count; ++queue)
        set_up(queue);
    transport_.go();
    for (std::uint16_t i = 0; i < queue_size; ++i)
        offer(control_receive, i, control_bytes);
    notify(control_receive);
    send({0, DeviceReady, 1});
    return true;
}

/// Gives every descriptor of a queue its buffer. Both ports have the same: only one of them is ever used.
void ControlPort::set_up(std::size_t queue) {
    auto& ring = dma_->rings[queue];
    for (std::size_t i = 0; i < queue_size; ++i) {
        const void* buffer = queue == control_receive    ? dma_->control_in[i].data()
                             : queue == control_transmit ? dma_->control_out[i].data()
                             : queue % 2 == 0            ? dma_->in[i].data()
                                                         : dma_->out[i].data();
        const std::uint16_t flags = queue % 2 == 0 ? sdk::virtio::device_writes_flag : std::uint16_t{0};
        ring.descriptors[i] = {transport_.address(buffer), 0, flags, 0};
    }
    if (transport_.set_up(number(queue), ring) && queue % 2 == 1) // else the device has no such port
        free_[queue] = 0xffff;
}

/// Hands a descriptor's buffer to the device, which need not know of it yet.
void ControlPort::offer(std::size_t queue, std::uint16_t descriptor, std::size_t bytes) {
    dma_->rings[queue].descriptors[descriptor].bytes = static_cast<std::uint32_t>(bytes);
    dma_->rings[queue].offer(descriptor);
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
    transport_.take_interrupt();
    // Data that is there before the messages are looked at: what they say of a connection holds for that.
    const std::uint16_t readable = port_ != 0 ? used_index(receive_queue()) : 0;
    changed_ = false;
    for (const std::uint16_t end = used_index(control_receive); seen_[control_receive] != end;) {
        const sdk::virtio::Used used = dma_->rings[control_receive].used[seen_[control_receive]++ % queue_size];
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
    const sdk::virtio::Used used = dma_->rings[receive_queue()].used[seen_[receive_queue()] % queue_size];
    const std::size_t bytes = std::min<std::size_t>(used.bytes, receive_bytes);
    return std::span{dma_->in[used.id % queue_size]}.subspan(std::min(taken_, bytes), bytes - std::min(taken_, bytes));
}

void ControlPort::drop(std::size_t bytes) {
    taken_ += bytes;
    while (port_ != 0 && seen_[receive_queue()] != readable_ && received().empty()) {
        const sdk::virtio::Used used = dma_->rings[receive_queue()].used[seen_[receive_queue()]++ % queue_size];
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
