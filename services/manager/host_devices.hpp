// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>
#include <vector>

/// The devices of the host's device tree: nodes with registers in the CPU's physical addresses.
namespace host_devices {

struct Device {
    static constexpr std::size_t interrupt_limit = 4;
    std::string_view name;       ///< the node's, with its unit address: "rtc@101000"
    std::string_view compatible; ///< the first string of that property
    std::uint64_t address = 0, bytes = 0;
    std::array<std::uint32_t, interrupt_limit> interrupts{}; ///< lines of the host's interrupt controller
    std::size_t interrupt_count = 0;
};

/// All devices of a tree, whose strings lie in it. Up to where a broken tree breaks. Addresses and sizes are taken to
/// be of two cells each, as on every 64-bit RISC-V machine, and interrupt numbers of `interrupt_cells`: one as a PLIC
/// has them, two (the second is the trigger: high level, as all that is known here have) as an APLIC has them.
std::vector<Device> read(std::span<const std::byte> blob, std::size_t interrupt_cells = 1);

}
