// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitset>
#include <cstdint>

namespace devices {

/// The 32 bits from 32 * `index` on, as a register shows them; those that there are not are 0.
template <std::size_t Count>
std::uint32_t word_of(const std::bitset<Count>& bits, std::uint64_t index) {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < 32 && index * 32 + i < Count; ++i)
        value |= static_cast<std::uint32_t>(bits[index * 32 + i]) << i;
    return value;
}

}
