// SPDX-License-Identifier: Apache-2.0
#include "sdk/virtio.hpp"

namespace sdk::virtio {

namespace {

// "MMIO Device Register Layout".
constexpr std::size_t magic = 0x00, version = 0x04, kind = 0x08, device_features = 0x10, device_select = 0x14,
                      driver_features = 0x20, driver_select = 0x24, queue_select = 0x30, queue_limit = 0x34,
                      queue_length = 0x38, queue_ready = 0x44, queue_notify = 0x50, interrupt_status = 0x60,
                      interrupt_acknowledge = 0x64, device_status = 0x70, queue_descriptors = 0x80, queue_driver = 0x90,
                      queue_device = 0xa0, configuration = 0x100;
constexpr std::uint32_t magic_value = 0x74726976, modern = 2;
constexpr std::uint32_t acknowledge = 1, driver = 2, driver_ok = 4, features_ok = 8;
constexpr unsigned reset_tries = 1'000'000; // far more than any device needs

}

std::optional<std::uint64_t> Transport::begin(std::uint32_t device_id, std::uint64_t wanted, std::uint64_t needed,
                                              std::size_t config_bytes) const {
    if (device_->bytes() < configuration + config_bytes || reg(magic) != magic_value || reg(version) != modern ||
        reg(kind) != device_id)
        return {};
    reg(device_status) = 0;
    for (unsigned tries = 0; reg(device_status) != 0; ++tries)
        if (tries == reset_tries)
            return {};
    reg(device_status) = acknowledge;
    reg(device_status) = acknowledge | driver;
    std::uint64_t features = 0;
    for (std::uint32_t half = 0; half < 2; ++half) {
        reg(device_select) = half;
        const std::uint32_t taken = reg(device_features) & static_cast<std::uint32_t>(wanted >> 32 * half);
        features |= static_cast<std::uint64_t>(taken) << 32 * half;
        reg(driver_select) = half;
        reg(driver_features) = taken;
    }
    reg(device_status) = acknowledge | driver | features_ok;
    if ((features & needed) != needed || (reg(device_status) & features_ok) == 0)
        return {};
    return features;
}

bool Transport::set_up(std::uint32_t queue, std::uint16_t size, const void* descriptors, const void* available,
                       const void* used) const {
    reg(queue_select) = queue;
    if (reg(queue_limit) < size)
        return false;
    reg(queue_length) = size;
    const auto place = [&](std::size_t which, const void* area) {
        reg(which) = static_cast<std::uint32_t>(address(area));
        reg(which + 4) = static_cast<std::uint32_t>(address(area) >> 32);
    };
    place(queue_descriptors, descriptors);
    place(queue_driver, available);
    place(queue_device, used);
    reg(queue_ready) = 1;
    return true;
}

void Transport::go() const {
    reg(device_status) = acknowledge | driver | features_ok | driver_ok;
}

void Transport::notify(std::uint32_t queue) const {
    Device::fence(); // the ring before the notification
    reg(queue_notify) = queue;
}

void Transport::take_interrupt() const {
    reg(interrupt_acknowledge) = reg(interrupt_status);
}

std::uint32_t Transport::config(std::size_t offset) const {
    return reg(configuration + offset);
}

std::uint64_t Transport::address(const volatile void* place) const {
    return dma_address_.value + static_cast<std::uint64_t>(static_cast<const volatile std::byte*>(place) - dma_.data());
}

}
