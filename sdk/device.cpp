// SPDX-License-Identifier: Apache-2.0
#include "sdk/device.hpp"

#include <algorithm>
#include <iterator>

#include "base/page.hpp"
#include "sdk/startup.hpp"

namespace sdk {

abi::Result<Device> Device::open(std::string_view name) {
    const auto& devices = startup().devices;
    const auto* found =
        std::ranges::find(devices, name, [](const Startup::Device& each) { return std::string_view{each.name}; });
    if (name.empty() || found == std::end(devices))
        return std::unexpected{abi::Error::BadArgument};
    return open(static_cast<std::size_t>(found - devices));
}

abi::Result<Device> Device::open(std::size_t index) {
    if (index >= std::size(startup().devices) || startup().devices[index].bytes == 0)
        return std::unexpected{abi::Error::BadArgument};
    const Startup::Device& found = startup().devices[index];
    auto mapping = Mapping::create(found.memory, 0, pages_for(found.offset + found.bytes));
    if (!mapping)
        return std::unexpected{mapping.error()};
    return Device{std::move(*mapping), found.offset, found.bytes, found.interrupts, found.dma};
}

abi::Result<void> Device::bind_interrupt(std::size_t index, const Event& event, std::uint64_t bits) const {
    const auto bound = call(abi::Call::InterruptBind, interrupts_[index], 0, event.slot(), bits);
    if (!bound)
        return std::unexpected{bound.error()};
    return {};
}

void Device::acknowledge_interrupt(std::size_t index) const {
    (void)call(abi::Call::InterruptAcknowledge, interrupts_[index], 0);
}

}
