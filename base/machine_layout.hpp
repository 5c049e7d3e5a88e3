// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <expected>

#include "base/address.hpp"
#include "base/page.hpp"

/// Where a machine's RAM holds what it boots from. The host's tool checks with it what the monitor then does.
namespace machine_layout {

inline constexpr GuestPhysical ram_base{0x8000'0000};
inline constexpr std::uint64_t large_page_bytes = 2 << 20;
/// The device tree has the last piece of RAM for itself.
inline constexpr std::uint64_t tree_bytes = large_page_bytes;
inline constexpr std::uint64_t least_ram_bytes = 8 << 20;

enum class Error : std::uint8_t {
    RamTooSmall,    ///< less than least_ram_bytes, or not in whole large pages
    KernelOutside,  ///< the kernel does not lie in RAM below the device tree
    InitrdTooLarge, ///< no room for the initrd between the two
};

struct Layout {
    GuestPhysical initrd, tree;
};

/// Places initrd and device tree for a kernel that has `kernel_bytes` of memory from `kernel` on: the initrd as high as
/// it can be, beginning at a large page.
constexpr std::expected<Layout, Error> place(std::uint64_t ram_bytes, GuestPhysical kernel, std::uint64_t kernel_bytes,
                                             std::uint64_t initrd_bytes) {
    if (ram_bytes < least_ram_bytes || !aligned(ram_bytes, large_page_bytes))
        return std::unexpected{Error::RamTooSmall};
    const std::uint64_t end = ram_bytes - tree_bytes; // from the RAM's base, as all that follows
    const GuestRange usable{ram_base, end};
    if (!usable.contains(kernel, kernel_bytes))
        return std::unexpected{Error::KernelOutside};
    const std::uint64_t kernel_end = kernel.value - ram_base.value + kernel_bytes;
    if (initrd_bytes > end - kernel_end)
        return std::unexpected{Error::InitrdTooLarge};
    const std::uint64_t initrd = (end - initrd_bytes) & ~(large_page_bytes - 1);
    if (initrd < kernel_end)
        return std::unexpected{Error::InitrdTooLarge};
    return Layout{{ram_base.value + initrd}, {ram_base.value + end}};
}

static_assert(place(64 << 20, {0x8020'0000}, 32 << 20, 0)->tree == GuestPhysical{0x83e0'0000});
static_assert(place(64 << 20, {0x8020'0000}, 32 << 20, 1)->initrd == GuestPhysical{0x83c0'0000});
static_assert(place(64 << 20, {0x8020'0000}, 32 << 20, 28 << 20)->initrd == GuestPhysical{0x8220'0000});
static_assert(place(64 << 20, {0x8020'0000}, 32 << 20, (28 << 20) + 1).error() == Error::InitrdTooLarge);
static_assert(place(64 << 20, {0x8020'0000}, 32 << 20, ~std::uint64_t{0}).error() == Error::InitrdTooLarge);
static_assert(place(64 << 20, {0x8020'0000}, 60 << 20, 0)->initrd == GuestPhysical{0x83e0'0000});
static_assert(place(64 << 20, {0x8020'0000}, (60 << 20) + 1, 0).error() == Error::KernelOutside);
static_assert(place(64 << 20, {0x7fff'0000}, 1, 0).error() == Error::KernelOutside);
static_assert(place(4 << 20, {0x8020'0000}, 1, 0).error() == Error::RamTooSmall);

}
