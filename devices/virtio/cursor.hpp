// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

#include "devices/guest_ram.hpp"

namespace devices::virtio {

/// Goes once through the bytes of a list of segments, however the driver cut them (virtio 1.2, "Message Framing").
/// The list must outlive the cursor.
class Cursor {
  public:
    Cursor() = default;
    explicit Cursor(std::span<const Segment> segments) : segments_{segments} {
        for (const Segment& segment : segments)
            left_ += segment.bytes;
    }

    /// The bytes still to come.
    std::uint64_t left() const { return left_; }

    /// The next piece that lies together, of at most `limit` bytes; an empty one at the end.
    Segment next(std::uint64_t limit) {
        while (!segments_.empty() && done_ == segments_.front().bytes) {
            segments_ = segments_.subspan(1);
            done_ = 0;
        }
        if (segments_.empty())
            return {};
        const Segment& whole = segments_.front();
        const auto bytes = static_cast<std::uint32_t>(std::min<std::uint64_t>(limit, whole.bytes - done_));
        const Segment piece{{whole.address.value + done_}, bytes}; // within RAM, so it cannot wrap
        done_ += bytes;
        left_ -= bytes;
        return piece;
    }

    /// Copies from the guest as much as both sides have; tells how much.
    std::size_t read(const GuestRam& ram, std::span<std::byte> to) {
        std::size_t total = 0;
        while (total < to.size()) {
            const Segment piece = next(to.size() - total);
            if (piece.bytes == 0 || !ram.read_bytes(piece.address, to.subspan(total, piece.bytes)))
                break;
            total += piece.bytes;
        }
        return total;
    }

    /// Copies to the guest as much as both sides have; tells how much.
    std::size_t write(const GuestRam& ram, std::span<const std::byte> from) {
        std::size_t total = 0;
        while (total < from.size()) {
            const Segment piece = next(from.size() - total);
            if (piece.bytes == 0 || !ram.write_bytes(piece.address, from.subspan(total, piece.bytes)))
                break;
            total += piece.bytes;
        }
        return total;
    }

  private:
    std::span<const Segment> segments_;
    std::uint32_t done_ = 0; ///< of the first segment
    std::uint64_t left_ = 0;
};

}
