// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace sdk {

/// The words that the two sides of a ring share, beside its data. Each is written by one side; the other takes it for
/// hostile. Positions count bytes and wrap; a ring begins with all words zero.
struct RingWords {
    alignas(64) std::atomic<std::uint32_t> written; ///< by the writer, so far
    std::atomic<std::uint32_t> writer_waits;        ///< for room: the reader is to wake it
    alignas(64) std::atomic<std::uint32_t> read;    ///< by the reader, so far
    std::atomic<std::uint32_t> reader_waits;        ///< for bytes: the writer is to wake it
};
static_assert(sizeof(RingWords) == 128 && std::atomic<std::uint32_t>::is_always_lock_free);

/// What both sides of a ring have: their own position, which is not read back from where the peer can write, unless one
/// takes over from another; and the data, a power of two of bytes.
class RingSide {
  public:
    /// The peer has written a position that cannot be: nothing moves any more.
    bool broken() const { return broken_; }
    std::size_t capacity() const { return data_.size(); }
    std::uint32_t position() const { return position_; }

  protected:
    RingSide() = default;
    RingSide(RingWords& words, std::span<std::byte> data) : words_{&words}, data_{data} {}

    /// Bytes between two positions of which one is the peer's; `otherwise` if there cannot be that many.
    std::size_t between(std::uint32_t first, std::uint32_t last, std::size_t otherwise) {
        const std::uint32_t bytes = last - first;
        if (bytes <= data_.size())
            return bytes;
        broken_ = true;
        return otherwise;
    }
    /// The piece of the data from a position on that has no end of the ring in it.
    std::span<std::byte> piece(std::uint32_t position, std::size_t bytes) const {
        const std::size_t at = position & (data_.size() - 1);
        return data_.subspan(at, std::min(bytes, data_.size() - at));
    }

    RingWords* words_ = nullptr;
    std::span<std::byte> data_;
    std::uint32_t position_ = 0;
    bool broken_ = false;
};

/// The side of a ring that puts bytes in. One thread at a time.
class RingWriter : public RingSide {
  public:
    RingWriter() = default;
    RingWriter(RingWords& words, std::span<std::byte> data) : RingSide{words, data} {}
    /// Goes on where an earlier writer was. The peer may have written that; it then has made this unheard.
    void go_on() { position_ = words_->written.load(); }

    std::size_t room() {
        const std::uint32_t read = words_->read.load();
        return capacity() - between(read, position_, capacity());
    }
    /// Puts in as much as there is room for; how much that was.
    std::size_t write(std::span<const std::byte> bytes) {
        bytes = bytes.first(std::min(bytes.size(), room()));
        put(bytes);
        publish();
        return bytes.size();
    }
    /// Puts in all of two pieces, or nothing; which of the two. The reader sees both at once.
    bool write_both(std::span<const std::byte> first, std::span<const std::byte> second) {
        const std::size_t free = room();
        if (first.size() > free || second.size() > free - first.size())
            return false;
        put(first);
        put(second);
        publish();
        return true;
    }
    /// Whether the reader has asked to be woken, once.
    bool take_reader_waits() { return words_->reader_waits.exchange(0) != 0; }
    /// Has the reader wake this side when there is room again. Look for room once more afterwards, before waiting.
    void wait_for_room() { words_->writer_waits.store(1); }

  private:
    void put(std::span<const std::byte> bytes) {
        while (!bytes.empty()) {
            const auto to = piece(position_, bytes.size());
            std::memcpy(to.data(), bytes.data(), to.size());
            bytes = bytes.subspan(to.size());
            position_ += static_cast<std::uint32_t>(to.size());
        }
    }
    void publish() { words_->written.store(position_); }
};

/// The side of a ring that takes bytes out. One thread at a time.
class RingReader : public RingSide {
  public:
    RingReader() = default;
    RingReader(RingWords& words, std::span<std::byte> data) : RingSide{words, data} {}
    /// Goes on where an earlier reader was, as above.
    void go_on() { position_ = words_->read.load(); }

    std::size_t available() {
        const std::uint32_t written = words_->written.load();
        return between(position_, written, 0);
    }
    /// Copies out without taking; whether that many bytes are there.
    bool peek(std::span<std::byte> to) {
        if (to.size() > available())
            return false;
        copy(to);
        return true;
    }
    /// Takes as much as is there and fits; how much that was.
    std::size_t read(std::span<std::byte> to) {
        to = to.first(std::min(to.size(), available()));
        copy(to);
        drop(to.size());
        return to.size();
    }
    /// Takes bytes that were there and says so to the writer.
    void drop(std::size_t bytes) {
        position_ += static_cast<std::uint32_t>(bytes);
        words_->read.store(position_);
    }
    /// Whether the writer has asked to be woken, once.
    bool take_writer_waits() { return words_->writer_waits.exchange(0) != 0; }
    /// Has the writer wake this side when there are bytes. Look for bytes once more afterwards, before waiting.
    void wait_for_bytes() { words_->reader_waits.store(1); }

  private:
    void copy(std::span<std::byte> to) const {
        for (std::uint32_t at = position_; !to.empty();) {
            const auto from = piece(at, to.size());
            std::memcpy(to.data(), from.data(), from.size());
            to = to.subspan(from.size());
            at += static_cast<std::uint32_t>(from.size());
        }
    }
};

}
