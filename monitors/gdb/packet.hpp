// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gdb {

/// The longest packet that is taken, and sent, in bytes between $ and # (qSupported's PacketSize).
inline constexpr std::size_t packet_limit = 4096;

/// Finds packets in what a debugger sends ("Overview" of GDB's remote serial protocol): $ payload # two hex digits.
class PacketReader {
  public:
    enum class Found : std::uint8_t {
        Nothing,   ///< not yet
        Packet,    ///< `payload` holds it until the next byte
        Damaged,   ///< a packet with a wrong checksum, or one that is too long
        Interrupt, ///< Ctrl-C: the debugger wants the target to stop
        Resend,    ///< the last answer did not arrive well
    };
    Found take(std::byte byte);
    /// Without the escapes.
    std::string_view payload() const { return payload_; }

  private:
    enum class State : std::uint8_t { Outside, Inside, Escaped, FirstDigit, SecondDigit };
    void add(char character);
    State state_ = State::Outside;
    std::string payload_;
    bool too_long_ = false;
    std::uint8_t sum_ = 0, given_ = 0;
};

/// A packet around `payload`, with what must be escaped in it escaped.
std::string encode(std::string_view payload);

}
