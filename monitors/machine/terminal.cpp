// SPDX-License-Identifier: Apache-2.0
#include "monitors/machine/terminal.hpp"

#include <utility>

namespace machine {

void Terminal::write(std::span<const std::byte> bytes) {
    flush();
    write_now(bytes);
}

bool Terminal::put(std::byte byte) {
    kept_[kept_count_++] = byte;
    if (byte == std::byte{'\n'} || kept_count_ == kept_.size())
        flush();
    return kept_count_ == 1;
}

void Terminal::flush() {
    write_now(std::span{kept_}.first(std::exchange(kept_count_, 0)));
}

/// What the console service does not take for a second is lost.
void Terminal::write_now(std::span<const std::byte> bytes) {
    if (bytes.empty())
        return;
    if (sdk::console::is_open()) {
        (void)sdk::console::write(bytes);
        return;
    }
    for (const std::byte each : bytes)
        log_.put(static_cast<char>(each));
}

}
