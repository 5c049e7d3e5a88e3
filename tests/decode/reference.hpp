// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "sdk/decode.hpp"

/// Compressed loads and stores as the tables of the unprivileged manual print them (chapters C and Zcb): a pattern of
/// bits for each, tried one after the other. Slow, and written another way than the SDK's, so that the two can be
/// compared.
namespace decode_reference {

struct Pattern {
    const char* bits; ///< 16 characters, the most significant first; r: the register, x: anything
    bool store;
    std::uint8_t width;
    bool sign_extend;
    bool not_zero; ///< with register 0 it is reserved
};

inline constexpr Pattern patterns[]{
    {"010xxxxxxxxrrr00", false, 4, true, false},  // c.lw
    {"011xxxxxxxxrrr00", false, 8, false, false}, // c.ld
    {"110xxxxxxxxrrr00", true, 4, false, false},  // c.sw
    {"111xxxxxxxxrrr00", true, 8, false, false},  // c.sd
    {"100000xxxxxrrr00", false, 1, false, false}, // c.lbu
    {"100001xxx0xrrr00", false, 2, false, false}, // c.lhu
    {"100001xxx1xrrr00", false, 2, true, false},  // c.lh
    {"100010xxxxxrrr00", true, 1, false, false},  // c.sb
    {"100011xxx0xrrr00", true, 2, false, false},  // c.sh
    {"010xrrrrrxxxxx10", false, 4, true, true},   // c.lwsp
    {"011xrrrrrxxxxx10", false, 8, false, true},  // c.ldsp
    {"110xxxxxxrrrrr10", true, 4, false, false},  // c.swsp
    {"111xxxxxxrrrrr10", true, 8, false, false},  // c.sdsp
};

inline std::optional<sdk::MemoryInstruction> compressed(std::uint16_t half) {
    for (const Pattern& pattern : patterns) {
        bool fits = true;
        unsigned number = 0, length = 0;
        for (int at = 0; at < 16; ++at) {
            const unsigned bit = half >> (15 - at) & 1;
            if (pattern.bits[at] == 'r') {
                number = number << 1 | bit;
                ++length;
            } else if (pattern.bits[at] != 'x') {
                fits &= bit == static_cast<unsigned>(pattern.bits[at] - '0');
            }
        }
        if (length == 3)
            number += 8;
        if (fits && !(pattern.not_zero && number == 0))
            return sdk::MemoryInstruction{pattern.store, pattern.width, pattern.sign_extend,
                                          static_cast<std::uint8_t>(number), 2};
    }
    return {};
}

}
