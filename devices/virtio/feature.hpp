// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>

// Feature bits that all kinds of devices share (virtio 1.2, "Reserved Feature Bits"). A kind's own are with the kind.
namespace devices::virtio::feature {

inline constexpr std::uint64_t indirect_desc = std::uint64_t{1} << 28;
inline constexpr std::uint64_t event_idx = std::uint64_t{1} << 29;
inline constexpr std::uint64_t version_1 = std::uint64_t{1} << 32;
inline constexpr std::uint64_t ring_reset = std::uint64_t{1} << 40;

/// What our transport and our queues can do, whatever the device.
inline constexpr std::uint64_t common = indirect_desc | event_idx | version_1 | ring_reset;

// The fields of registers, rings and requests are little-endian, and are copied as they are.
static_assert(std::endian::native == std::endian::little);

}
