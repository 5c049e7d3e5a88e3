// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>

#include "base/control.hpp"

/// Frames of the control channel, made and taken apart: the same code on both sides.
namespace control {

/// A message's bytes.
template <Plain Message>
std::span<const std::byte> bytes_of(const Message& message) {
    return std::as_bytes(std::span{&message, 1});
}

/// The message at the beginning of `payload`, by copy; nothing if that is too short. What is in it is still to be
/// checked.
template <Plain Message>
std::optional<Message> message_in(std::span<const std::byte> payload) {
    if (payload.size() < sizeof(Message))
        return {};
    Message message;
    std::memcpy(&message, payload.data(), sizeof message);
    return message;
}

/// The text in an array that is filled up with NULs; nothing if it has none at its end.
template <std::size_t Size>
std::optional<std::string_view> text_in(const std::array<char, Size>& array) {
    const auto end = std::ranges::find(array, '\0');
    if (end == array.end())
        return {};
    return std::string_view{array.begin(), end};
}

/// An array of that text, cut off where it is too long.
template <class Array>
Array array_of(std::string_view text) {
    Array array{};
    std::ranges::copy(text.substr(0, array.size() - 1), array.begin());
    return array;
}

/// Whether that can be a machine's name: 1 to 31 of a-z, 0-9 and -.
constexpr bool valid_name(std::string_view name) {
    return !name.empty() && name.size() < name_limit &&
           std::ranges::all_of(
               name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

/// Writes a frame whose payload is `first` and `second`; the bytes that it takes. The caller keeps the payload within
/// payload_limit and has room for frame_overhead more.
inline std::size_t encode(std::span<std::byte> to, FrameType type, std::uint16_t session,
                          std::span<const std::byte> first, std::span<const std::byte> second = {}) {
    const FrameHeader header{static_cast<std::uint32_t>(first.size() + second.size()), static_cast<std::uint16_t>(type),
                             session};
    std::size_t at = 0;
    for (const std::span<const std::byte> part : {bytes_of(header), first, second, bytes_of(end_mark)}) {
        std::ranges::copy(part, to.subspan(at).begin());
        at += part.size();
    }
    return at;
}

/// Takes the stream apart. Begins, and goes on after anything that is no frame, by looking for a Hello.
class Decoder {
  public:
    using Storage = std::array<std::byte, frame_limit>;
    explicit Decoder(Storage& storage) : storage_{&storage} {}

    /// As on a new connection.
    void reset() {
        hunting_ = true;
        have_ = 0;
    }
    bool hunting() const { return hunting_; }

    /// Takes bytes as they come; calls `sink(const FrameHeader&, std::span<const std::byte> payload)` for each whole
    /// frame. The payload lies in the storage until `sink` returns, which must not call `feed`.
    template <class Sink>
    void feed(std::span<const std::byte> bytes, Sink&& sink) {
        while (!bytes.empty()) {
            if (hunting_) {
                bytes = hunt(bytes);
                continue;
            }
            const std::size_t taken = std::min(bytes.size(), wanted() - have_);
            std::memcpy(storage_->data() + have_, bytes.data(), taken);
            have_ += taken;
            bytes = bytes.subspan(taken);
            if (have_ == sizeof(FrameHeader) && !plausible(header()))
                reset();
            if (hunting_ || have_ < sizeof(FrameHeader) || have_ < wanted())
                continue;
            finish(sink);
        }
    }

  private:
    struct Beginning {
        FrameHeader header;
        std::array<char, 8> magic;
    };
    static_assert(Plain<Beginning>);
    static constexpr auto beginning = std::bit_cast<std::array<std::byte, sizeof(Beginning)>>(
        Beginning{{sizeof(Hello), static_cast<std::uint16_t>(FrameType::Hello), 0}, hello_magic});
    // So a mismatch need not look back further than at the byte that it is.
    static_assert(std::ranges::count(beginning, beginning[0]) == 1);

    static bool plausible(const FrameHeader& header) {
        return header.length <= payload_limit && header.type != 0 && header.type <= last_frame_type;
    }
    FrameHeader header() const { return *message_in<FrameHeader>(*storage_); }
    /// Bytes of the storage with which the next step can be done.
    std::size_t wanted() const {
        return have_ < sizeof(FrameHeader) ? sizeof(FrameHeader) : header().length + frame_overhead;
    }

    std::span<const std::byte> hunt(std::span<const std::byte> bytes) {
        while (!bytes.empty() && have_ < beginning.size()) {
            if (have_ == 0) // preambles are long
                bytes = {std::ranges::find(bytes, beginning[0]), bytes.end()};
            if (bytes.empty())
                break;
            if (bytes[0] == beginning[have_])
                ++have_;
            else
                have_ = bytes[0] == beginning[0] ? 1 : 0;
            bytes = bytes.subspan(1);
        }
        if (have_ == beginning.size()) {
            std::ranges::copy(beginning, storage_->begin());
            hunting_ = false;
        }
        return bytes;
    }

    template <class Sink>
    void finish(Sink& sink) {
        const FrameHeader frame = header();
        std::uint32_t mark;
        std::memcpy(&mark, storage_->data() + have_ - sizeof mark, sizeof mark);
        have_ = 0;
        if (mark == end_mark)
            sink(frame, std::span<const std::byte>{*storage_}.subspan(sizeof frame, frame.length));
        else
            hunting_ = true;
    }

    Storage* storage_;
    std::size_t have_ = 0; ///< hunting: bytes of `beginning` that were seen; else bytes of a frame in the storage
    bool hunting_ = true;
};

}
