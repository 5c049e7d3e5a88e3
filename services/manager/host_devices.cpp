// SPDX-License-Identifier: Apache-2.0
#include "services/manager/host_devices.hpp"

#include <utility>

#include "base/device_tree.hpp"

namespace host_devices {

namespace {

/// A device is complete when its first child or its end comes.
struct Visitor {
    std::size_t interrupt_cells;
    std::vector<Device> devices{};
    Device device{};
    bool open = false;

    void finish() {
        if (open && device.bytes != 0)
            devices.push_back(device);
        open = false;
    }
    void reservation(std::uint64_t, std::uint64_t) {}
    void begin_node(std::string_view name) {
        finish();
        device = {};
        device.name = name;
        open = true;
    }
    void property(std::string_view name, device_tree::Value value) {
        if (name == "compatible") {
            device.compatible = value.string();
        } else if (name == "reg" && value.left() >= 16) {
            device.address = value.number(8);
            device.bytes = value.number(8);
        } else if (name == "interrupts") {
            while (value.left() >= 4 * interrupt_cells && device.interrupt_count < Device::interrupt_limit) {
                device.interrupts[device.interrupt_count++] = value.cell();
                for (std::size_t more = 1; more < interrupt_cells; ++more)
                    (void)value.cell();
            }
        }
    }
    void end_node() { finish(); }
};

}

std::vector<Device> read(std::span<const std::byte> blob, std::size_t interrupt_cells) {
    Visitor visitor{interrupt_cells};
    (void)device_tree::walk(blob, visitor);
    return std::move(visitor.devices);
}

}
