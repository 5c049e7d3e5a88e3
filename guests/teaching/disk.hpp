// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

/// The first virtio block device (virtio 1.3, "Block Device"), in the one way that this kernel needs: a sector at a
/// time, waiting for it.
namespace disk {

using Sector = std::array<std::byte, 512>;

/// Looks for the device and starts it. Without one the disk has no sectors.
void start();
std::uint64_t sectors();
/// False, if there is no such sector or the device says that it failed.
[[nodiscard]] bool read(std::uint64_t number, Sector& sector);
/// What is written is on the disk when this returns.
[[nodiscard]] bool write(std::uint64_t number, const Sector& sector);

}
