// SPDX-License-Identifier: Apache-2.0
// Prints how the SDK decodes every compressed instruction that is a load or store: half, store, width, sign, register.
#include <cstdio>

#include "sdk/decode.hpp"

int main() {
    for (std::uint32_t half = 0; half < 0x10000; ++half)
        if (const auto found = (half & 3) == 3 ? std::nullopt : sdk::decode_instruction(half))
            std::printf("%04x %d %d %d %d\n", half, found->store, found->width, found->sign_extend,
                        found->register_number);
}
