// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "abi/handle.hpp"

/// What the nucleus leaves in the manager's handle table. It starts the manager at the first byte of its image with
/// nothing in its registers.
namespace abi::boot {

inline constexpr Handle system = 2;
inline constexpr Handle interrupts = 3;    ///< every line of the host, from line 1 on; none without a controller
inline constexpr Handle device_tree = 4;   ///< Memory: the blob and what shares its pages
inline constexpr Handle bundle = 5;        ///< Memory: the initrd; no such handle if there is none
inline constexpr Handle first_ram = 8;     ///< Memory: RAM that is free, and so on up to first_device
inline constexpr Handle first_device = 40; ///< Memory: all that is not RAM and not the nucleus's, up to last
inline constexpr Handle last = 72;
/// Memory: the guest interrupt files of each hart, a page each, in slot first_file + the hart's number; no such handles
/// if they have none.
inline constexpr Handle first_file = last;

/// Where the manager's image is mapped.
inline constexpr std::uint64_t image_address = 0x10000;

/// The first words of the manager's image. Its pages up to `writable_offset` are mapped read and execute, the others
/// read and write.
struct ImageHeader {
    std::uint64_t jump; ///< the first instruction: over this header
    std::uint64_t writable_offset;
    std::uint64_t bytes; ///< with everything that begins as zero
};

}
