// SPDX-License-Identifier: Apache-2.0
#include "monitors/machine/debug_port.hpp"

#include "base/page.hpp"
#include "sdk/must.hpp"
#include "sdk/startup.hpp"

namespace machine {

std::unique_ptr<DebugPort> DebugPort::find(Machine& machine, const sdk::Event& event, std::uint64_t bits) {
    for (std::size_t i = 0; i < std::size(sdk::startup().devices); ++i) {
        auto device = sdk::Device::open(i);
        if (!device || device->dma() == 0)
            continue;
        const HostPhysical address{sdk::must(sdk::call(abi::Call::RangeInfo, device->dma(), 0), "memory of a device") *
                                   page_bytes};
        auto mapping = sdk::must(sdk::Mapping::create(device->dma(), 0, sdk::dma_pages), "memory of a device");
        std::unique_ptr<DebugPort> port{new DebugPort{machine, std::move(*device), std::move(mapping)}};
        auto console = HostConsole::open(port->device_, port->mapping_.bytes(), address);
        if (!console)
            continue; // another kind of device
        port->console_ = *console;
        sdk::must(port->device_.bind_interrupt(0, event, bits), "the debug port's interrupt");
        return port;
    }
    return {};
}

void DebugPort::interrupt() {
    std::array<std::byte, 512> piece;
    console_->acknowledge(); // before looking: what comes from now on raises it again
    while (const std::size_t count = console_->read(piece))
        debugger_.receive(std::span{piece}.first(count));
}

}
