// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "sdk/channel.hpp"
#include "sdk/console.hpp"
#include "sdk/event.hpp"
#include "sdk/log.hpp"

namespace machine {

/// Where a machine's console leads: to the console service, if there is one; else to the log, line by line and without
/// input.
class Terminal {
  public:
    /// Raised in the machine's event when there is input.
    static constexpr std::uint64_t bit = sdk::channel_bits::console;

    void write(std::span<const std::byte> bytes);
    /// Keeps a byte of what comes one by one until its line ends, there are many, or something else is written: the
    /// service costs the same for a byte as for a line. Whether it is the first that is kept.
    bool put(std::byte byte);
    void flush();
    std::size_t read(std::span<std::byte> to) const { return sdk::console::read(to); }
    /// More input may raise the event again.
    void acknowledge(const sdk::Event& event) const {
        if (sdk::console::arm())
            event.signal(bit);
    }

  private:
    void write_now(std::span<const std::byte> bytes);
    std::array<std::byte, 128> kept_;
    std::size_t kept_count_ = 0;
    sdk::Console log_;
};

}
