// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <span>

#include "base/control.hpp"

namespace machine {

/// The latest records of one writer, which never waits: what finds no room is counted, and a record of that count takes
/// its place. One thread at a time writes, and one reads.
class TraceRing {
  public:
    static constexpr std::uint32_t capacity = 1024;

    void add(const control::TraceRecord& record) {
        const std::uint32_t free = capacity - (written_.load(std::memory_order_relaxed) - read_.load());
        if (free < (lost_.load(std::memory_order_relaxed) != 0 ? 2u : 1u)) {
            lost_.fetch_add(1, std::memory_order_relaxed);
            return;
        }
        if (const std::uint64_t lost = take_lost())
            put({record.begin_ticks, 0, static_cast<std::uint8_t>(control::TraceKind::Lost), 0, record.vcpu, 0, 0,
                 lost});
        put(record);
    }
    /// Whether it has just become half full: somebody should read.
    bool half_full() const { return written_.load(std::memory_order_relaxed) - read_.load() == capacity / 2; }

    /// The oldest records, as many as there are and fit; how many.
    std::size_t take(std::span<control::TraceRecord> to) {
        const std::uint32_t first = read_.load(std::memory_order_relaxed);
        const std::uint32_t count = std::min<std::uint32_t>(written_.load(std::memory_order_acquire) - first,
                                                            static_cast<std::uint32_t>(to.size()));
        for (std::uint32_t i = 0; i < count; ++i)
            to[i] = records_[(first + i) % capacity];
        read_.store(first + count, std::memory_order_release);
        return count;
    }

    /// For the reader: what is there is of no interest any more.
    void discard() {
        read_.store(written_.load(std::memory_order_acquire), std::memory_order_release);
        (void)take_lost();
    }
    /// How many records have found no room since the last that did: with who writes no more, whoever reads may ask.
    std::uint64_t take_lost() { return lost_.exchange(0, std::memory_order_relaxed); }

  private:
    void put(const control::TraceRecord& record) {
        const std::uint32_t at = written_.load(std::memory_order_relaxed);
        records_[at % capacity] = record;
        written_.store(at + 1, std::memory_order_release);
    }

    std::array<control::TraceRecord, capacity> records_{};
    std::atomic<std::uint32_t> written_{0}, read_{0}; ///< counted, without end
    std::atomic<std::uint64_t> lost_{0};
};

}
