// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/control.hpp"
#include "sdk/channel.hpp"

/// Frames of the control protocol (base/control.hpp) on their way through the target. Between programs, where
/// nothing gets lost, they go without the mark at their end.
namespace frames {

struct Frame {
    control::FrameHeader header{};
    std::span<const std::byte> payload;

    control::FrameType type() const { return static_cast<control::FrameType>(header.type); }
};

/// Bytes on their way out, in frames. Whoever fills it looks at `size` first.
class Queue {
  public:
    enum class To : std::uint8_t { Host, Program };
    explicit Queue(To to) : to_{to} {}

    void add(control::FrameType type, std::uint16_t session, std::span<const std::byte> payload,
             std::span<const std::byte> more = {});
    template <control::Plain Message>
    void add(control::FrameType type, std::uint16_t session, const Message& message,
             std::span<const std::byte> more = {}) {
        add(type, session, std::as_bytes(std::span{&message, 1}), more);
    }
    void add_zeros(std::size_t count) { bytes_.resize(bytes_.size() + count); }
    std::span<const std::byte> bytes() const { return std::span{bytes_}.subspan(sent_); }
    void drop(std::size_t count);
    void clear() { bytes_.clear(), sent_ = 0; }
    std::size_t size() const { return bytes_.size() - sent_; }
    bool empty() const { return size() == 0; }

  private:
    To to_;
    std::vector<std::byte> bytes_;
    std::size_t sent_ = 0;
};

/// Takes frames out of a channel between programs, whose rings have room for the largest.
class Reader {
  public:
    explicit Reader(sdk::Channel& channel) : channel_{&channel} {}
    /// The next frame that is whole; its payload is valid until the next call.
    std::optional<Frame> next();
    /// The header of the frame that `next` would take.
    std::optional<control::FrameHeader> peek();
    /// Before waiting: has the other side wake this one; whether there is more already than when `peek` or `next` last
    /// looked. Half a frame, or one that is not wanted yet, is nothing new.
    bool arm() { return channel_->arm_input() && channel_->available() != seen_; }

  private:
    sdk::Channel* channel_;
    std::size_t seen_ = 0; ///< bytes that were there and have been left
    std::vector<std::byte> bytes_;
};

}
