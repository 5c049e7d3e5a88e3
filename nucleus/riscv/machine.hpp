// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "nucleus/nucleus.hpp"

/// The nucleus's own image: where it lies and what is in it. Offsets are from its start, at WINDOW.
struct Image {
    HostPhysical physical;
    std::uint64_t bytes;
    std::uint64_t text_bytes; ///< code and constants
    std::uint64_t data_offset;
    std::uint64_t data_bytes;
    const std::byte* manager; ///< the manager's image, at a page
    HostPhysical root;        ///< the page table on which harts start
};
Image this_image(HostPhysical physical);

/// Finds out what this hart can do; panics on one without the hypervisor extension.
void probe_machine();
/// Makes the device tree readable, for as long as the first map lives: at least 2 MiB from its address on.
std::span<const std::byte> map_device_tree(HostPhysical tree);
/// Puts the window's final map into the root page table.
void use_window(std::uint64_t entry);
/// Has firmware start a hart, which comes to `run`.
void start_hart(const Hart& hart, const Image& image);
/// Leaves the boot stack for that of `hart`, this one.
[[noreturn]] void run_hart(Hart& hart);
