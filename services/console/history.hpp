// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>

/// The last bytes of a stream. Positions count all bytes that there ever were; whoever follows the stream keeps one.
class History {
  public:
    History() = default;
    /// Keeps as much as `storage` has room for, which outlives it.
    explicit History(std::span<std::byte> storage) : storage_{storage} {}

    void append(std::span<const std::byte> bytes) {
        if (bytes.size() > storage_.size()) {
            end_ += bytes.size() - storage_.size();
            bytes = bytes.last(storage_.size());
        }
        while (!bytes.empty()) {
            const auto to = next(bytes.size());
            std::memcpy(to.data(), bytes.data(), to.size());
            bytes = bytes.subspan(to.size());
            grow(to.size());
        }
    }
    /// Where what comes next is to be put, at most `most` bytes, as far as that lies in one piece; and that it is
    /// there.
    std::span<std::byte> next(std::size_t most) const { return piece(end_, most); }
    void grow(std::size_t bytes) { end_ += bytes; }
    /// The oldest position that is still there, and that of the next byte to come.
    std::uint64_t begin() const { return end_ - std::min<std::uint64_t>(end_ - first_, storage_.size()); }
    std::uint64_t end() const { return end_; }
    /// What follows `position`, as far as it lies in one piece; empty if nothing does. `position` is moved on if what
    /// was there has gone; by how much, is added to `lost`.
    std::span<const std::byte> at(std::uint64_t& position, std::uint64_t& lost) const {
        if (position < begin()) {
            lost += begin() - position;
            position = begin();
        }
        if (position >= end_)
            return {};
        return piece(position, static_cast<std::size_t>(end_ - position));
    }
    /// Forgets it all; positions go on.
    void clear() { first_ = end_; }

  private:
    std::span<std::byte> piece(std::uint64_t position, std::size_t bytes) const {
        const std::size_t at = static_cast<std::size_t>(position % storage_.size());
        return storage_.subspan(at, std::min(bytes, storage_.size() - at));
    }
    std::span<std::byte> storage_;
    std::uint64_t first_ = 0, end_ = 0;
};
