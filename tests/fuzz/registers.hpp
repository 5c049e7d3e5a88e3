// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "devices/device.hpp"
#include "tests/fuzz/input.hpp"

namespace fuzz {

inline constexpr std::array<unsigned, 4> widths{1, 2, 4, 8};

/// One access of a guest's to a window of `bytes`, as the input says: often to one of the offsets `common`, with the
/// width that registers mostly have there. What a load gives fits its width.
inline void access(Input& input, devices::Device& device, std::uint64_t bytes, std::span<const std::uint64_t> common,
                   unsigned usual_width) {
    const std::uint8_t choice = input.next();
    const unsigned width = (choice & 1) != 0 ? usual_width : widths[input.next() % widths.size()];
    std::uint64_t offset =
        (choice & 2) != 0 ? common[input.next() % common.size()] : input.next<std::uint32_t>() % (bytes - width + 1);
    offset = std::min(offset, bytes - width); // a bus passes on nothing that reaches beyond the window
    if ((choice & 4) != 0)
        (void)device.read(offset, width);
    else
        device.write(offset, width, (choice & 8) != 0 ? input.next() : input.next<std::uint64_t>());
}

}
