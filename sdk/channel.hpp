// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <functional>
#include <optional>

#include "sdk/ring.hpp"

namespace sdk {

/// Bytes both ways between two programs, through memory that the manager made and granted to both: a page with the
/// words of two rings, then the data of the ring that the first side writes, then that of the other. Neither side
/// trusts the other: whatever it writes there, it can but make itself unheard.
class Channel {
  public:
    enum class Side : std::uint8_t { First, Second };
    /// Bytes of each ring, powers of two.
    struct Shape {
        std::size_t first_writes, second_writes;
        constexpr std::size_t bytes() const { return words_bytes + first_writes + second_writes; }
    };
    static constexpr std::size_t words_bytes = 4096;

    Channel() = default;
    /// `memory` has shape.bytes() and begins at a page. `wake` makes the peer look at its end.
    Channel(std::span<std::byte> memory, Shape shape, Side side, std::function<void()> wake)
        : wake_{std::move(wake)}, open_{true} {
        auto* words = reinterpret_cast<RingWords*>(memory.data());
        const auto first = memory.subspan(words_bytes, shape.first_writes);
        const auto second = memory.subspan(words_bytes + shape.first_writes, shape.second_writes);
        out_ = side == Side::First ? RingWriter{words[0], first} : RingWriter{words[1], second};
        in_ = side == Side::First ? RingReader{words[1], second} : RingReader{words[0], first};
    }

    /// Goes on where an earlier program of this side was when it ended. What it had read and not used is lost.
    void go_on() {
        in_.go_on();
        out_.go_on();
    }

    explicit operator bool() const { return open_; }
    bool broken() const { return in_.broken() || out_.broken(); }

    /// Sends as much as there is room for; how much that was.
    std::size_t write(std::span<const std::byte> bytes) {
        const std::size_t written = out_.write(bytes);
        if (written != 0 && out_.take_reader_waits())
            wake_();
        return written;
    }
    /// Sends all of both pieces, or nothing; which of the two.
    bool write_both(std::span<const std::byte> first, std::span<const std::byte> second) {
        const bool written = out_.write_both(first, second);
        if (written && out_.take_reader_waits())
            wake_();
        return written;
    }
    std::size_t read(std::span<std::byte> to) {
        const std::size_t count = in_.read(to);
        if (count != 0)
            tell_writer();
        return count;
    }
    bool peek(std::span<std::byte> to) { return in_.peek(to); }
    void drop(std::size_t bytes) {
        in_.drop(bytes);
        tell_writer();
    }
    std::size_t available() { return in_.available(); }
    std::size_t room() { return out_.room(); }
    std::size_t capacity() const { return out_.capacity(); }
    /// How many bytes this side has sent since the channel's beginning, modulo 2^32, if the peer has left that as it
    /// was.
    std::uint32_t sent() const { return out_.position(); }

    /// Before waiting for the event: has the peer wake this side when there are bytes. Whether there are already.
    bool arm_input() {
        in_.wait_for_bytes();
        return in_.available() != 0;
    }
    /// The same for room of at least `bytes`.
    bool arm_output(std::size_t bytes) {
        out_.wait_for_room();
        return out_.room() >= bytes;
    }

  private:
    void tell_writer() {
        if (in_.take_writer_waits())
            wake_();
    }

    RingReader in_;
    RingWriter out_;
    std::function<void()> wake_;
    bool open_ = false;
};

/// What says on a program's event which of its channels wants a look.
namespace channel_bits {
inline constexpr std::uint64_t control = std::uint64_t{1} << 63, console = std::uint64_t{1} << 62,
                               debug = std::uint64_t{1} << 61;
}

// Between every monitor, which is the first side, and the two services that it speaks to.

/// The console service: raw bytes of the machine's console.
inline constexpr Channel::Shape console_shape{16384, 4096};
/// The same service: the GDB remote protocol.
inline constexpr Channel::Shape debug_shape{16384, 16384};
/// The manager: messages (sdk/control.hpp).
inline constexpr Channel::Shape control_shape{4096, 4096};
/// Manager, first side, and console service: frames of the control protocol.
inline constexpr Channel::Shape link_shape{64 << 10, 128 << 10};

}
