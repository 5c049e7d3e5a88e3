// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/address.hpp"

/// Where things are in a machine: as in QEMU's `virt`, so that what was made for that runs here.
namespace machine::map {

inline constexpr GuestPhysical ram{0x8000'0000};
inline constexpr GuestRange test{{0x10'0000}, 0x1000};
inline constexpr GuestRange rtc{{0x10'1000}, 0x1000};
inline constexpr GuestRange plic{{0xc00'0000}, 0x60'0000};
inline constexpr GuestRange aplic{{0xd00'0000}, 0x8000}; ///< the supervisor's; a machine has it or the PLIC
inline constexpr GuestRange uart{{0x1000'0000}, 0x100};

inline constexpr std::uint32_t rtc_interrupt = 11, uart_interrupt = 10, interrupt_sources = 95;
inline constexpr std::uint32_t uart_hertz = 3'686'400;

/// The virtio-mmio devices: disks first, then one of each other kind.
inline constexpr std::size_t virtio_slots = 8, disk_slots = 4, console_slot = 4, entropy_slot = 5, balloon_slot = 6;
constexpr GuestRange virtio(std::size_t slot) {
    return {{0x1000'1000 + slot * 0x1000}, 0x1000};
}
constexpr std::uint32_t virtio_interrupt(std::size_t slot) {
    return static_cast<std::uint32_t>(1 + slot);
}

inline constexpr std::size_t hart_limit = 8;

/// The pages of the harts' interrupt files (IMSICs), which are in one row.
inline constexpr GuestRange interrupt_files{{0x2800'0000}, hart_limit * 0x1000};
constexpr GuestRange interrupt_file(std::size_t hart) {
    return {{interrupt_files.first.value + hart * 0x1000}, 0x1000};
}

}
