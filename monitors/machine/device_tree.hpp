// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "monitors/machine/map.hpp"

namespace machine {

/// What a guest's device tree tells of its machine.
struct Description {
    GuestRange ram;
    std::size_t harts = 1;
    std::uint32_t timebase_hertz = 0;
    std::string_view extensions;       ///< of each hart, with spaces between (monitors/machine/isa.hpp)
    std::uint32_t cbo_block_bytes = 0; ///< of Zicbom and Zicboz; 0: not known
    std::string_view mmu_type;         ///< "riscv,sv48"
    std::string_view command_line;
    GuestRange initrd{};                   ///< empty: none
    std::array<std::byte, 32> seed{};      ///< for the guest's random numbers; never the same twice
    std::bitset<map::virtio_slots> virtio; ///< which slots have a device
    /// Of each hart's interrupt file; 0: there are none, and the interrupt controller is a PLIC.
    std::uint32_t message_identities = 0;
};

/// The flattened tree (devicetree specification 0.4). The error says in what the description was too large; mostly it
/// is libfdt's name of it.
std::expected<std::vector<std::byte>, const char*> make_device_tree(const Description& description);

}
