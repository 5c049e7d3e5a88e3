// SPDX-License-Identifier: Apache-2.0
#include "monitors/machine/host_port.hpp"

#include "base/page.hpp"
#include "sdk/must.hpp"
#include "sdk/startup.hpp"

namespace machine {

std::vector<std::unique_ptr<HostPort>> HostPort::open_all() {
    std::vector<std::unique_ptr<HostPort>> ports;
    for (std::size_t i = 0; i < std::size(sdk::startup().devices); ++i) {
        auto device = sdk::Device::open(i);
        if (!device || device->dma() == 0)
            continue;
        const HostPhysical address{sdk::must(sdk::call(abi::Call::RangeInfo, device->dma(), 0), "memory of a device") *
                                   page_bytes};
        auto mapping = sdk::must(sdk::Mapping::create(device->dma(), 0, sdk::dma_pages), "memory of a device");
        std::unique_ptr<HostPort> port{new HostPort{std::move(*device), std::move(mapping)}};
        const auto console = HostConsole::open(port->device_, port->mapping_.bytes(), address);
        if (!console)
            continue; // a disk
        port->console_ = *console;
        ports.push_back(std::move(port));
    }
    return ports;
}

}
