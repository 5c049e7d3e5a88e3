// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

namespace devices::virtio {

/// Bytes that wait for the guest, first in, first out.
class InputBuffer {
  public:
    static constexpr std::size_t capacity = 4096;

    bool empty() const { return count_ == 0; }
    /// Takes as many as there is room for; tells how many.
    std::size_t put(std::span<const std::byte> bytes) {
        const std::size_t taken = std::min(bytes.size(), capacity - count_);
        for (std::size_t index = 0; index < taken; ++index)
            bytes_[(first_ + count_ + index) % capacity] = bytes[index];
        count_ += taken;
        return taken;
    }
    /// The oldest ones that lie together.
    std::span<const std::byte> front() const {
        return std::span{bytes_}.subspan(first_, std::min(count_, capacity - first_));
    }
    /// Forgets the `count` oldest, which must be there.
    void drop(std::size_t count) {
        first_ = (first_ + count) % capacity;
        count_ -= count;
    }

  private:
    std::array<std::byte, capacity> bytes_;
    std::size_t first_ = 0, count_ = 0;
};

}
