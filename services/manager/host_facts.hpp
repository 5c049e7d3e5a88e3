// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

/// What monitors have to know of the host's harts, from the host's device tree.
struct HostFacts {
    std::string extensions; ///< those that every hart has: names as in riscv,isa-extensions, a space between two
    std::uint32_t cbo_block_bytes = 0; ///< of Zicboz; 0: none, or not the same for all harts
    std::array<std::byte, 32> seed{};  ///< firmware's rng-seed; zeros where there is none

    /// Up to where a broken tree breaks.
    static HostFacts read(std::span<const std::byte> tree);
    bool has(std::string_view extension) const;
};
