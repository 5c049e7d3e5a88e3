// SPDX-License-Identifier: Apache-2.0
#include "monitors/machine/terminal.hpp"

namespace machine {

/// What the console service does not take for a second is lost.
void Terminal::write(std::span<const std::byte> bytes) {
    if (sdk::console::is_open()) {
        (void)sdk::console::write(bytes);
        return;
    }
    for (const std::byte each : bytes)
        log_.put(static_cast<char>(each));
}

}
