// SPDX-License-Identifier: Apache-2.0
#include "sdk/frames.hpp"

#include "base/control_frames.hpp"

namespace frames {

void Queue::add(control::FrameType type, std::uint16_t session, std::span<const std::byte> payload,
                std::span<const std::byte> more) {
    const control::FrameHeader header{static_cast<std::uint32_t>(payload.size() + more.size()),
                                      static_cast<std::uint16_t>(type), session};
    const auto put = [&](std::span<const std::byte> bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); };
    put(control::bytes_of(header));
    put(payload);
    put(more);
    if (to_ == To::Host)
        put(control::bytes_of(control::end_mark));
}

void Queue::drop(std::size_t count) {
    sent_ += count;
    if (sent_ == bytes_.size())
        clear();
}

std::optional<control::FrameHeader> Reader::peek() {
    control::FrameHeader header;
    seen_ = channel_->available();
    if (!channel_->peek(std::as_writable_bytes(std::span{&header, 1})) || header.length > control::payload_limit ||
        seen_ - sizeof header < header.length)
        return {};
    return header;
}

std::optional<Frame> Reader::next() {
    const auto header = peek();
    if (!header)
        return {};
    seen_ = 0;
    bytes_.resize(sizeof *header + header->length);
    (void)channel_->read(bytes_); // at once: whoever goes on here, should this program end, finds a whole frame
    return Frame{*header, std::span{bytes_}.subspan(sizeof *header)};
}

}
