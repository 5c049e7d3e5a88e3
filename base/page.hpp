// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

inline constexpr std::uint64_t page_bits = 12;
inline constexpr std::uint64_t page_bytes = std::uint64_t{1} << page_bits;

/// Whether `value` is a multiple of `alignment`, which is a power of two.
constexpr bool aligned(std::uint64_t value, std::uint64_t alignment) {
    return (value & (alignment - 1)) == 0;
}

/// The pages that `bytes` need. Cannot wrap.
constexpr std::uint64_t pages_for(std::uint64_t bytes) {
    return (bytes >> page_bits) + (aligned(bytes, page_bytes) ? 0 : 1);
}

static_assert(pages_for(0) == 0 && pages_for(1) == 1 && pages_for(page_bytes) == 1);
static_assert(pages_for(~std::uint64_t{0}) == std::uint64_t{1} << (64 - page_bits));
