// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

/// A flattened device tree (devicetree specification 0.4, chapter 5), read once from its start to its end without
/// trusting a word of it. Nucleus and manager share this; whoever builds trees uses libfdt.
namespace device_tree {

/// A big-endian cursor: a property's value. Past the end everything is zero, and `failed` says so.
class Value {
  public:
    Value() = default;
    explicit Value(std::span<const std::byte> bytes) : bytes_{bytes} {}

    bool failed() const { return failed_; }
    std::size_t left() const { return bytes_.size(); }
    /// The next `size` bytes, at most 8, as a number.
    std::uint64_t number(std::size_t size) {
        std::uint64_t value = 0;
        for (const std::byte byte : take(size))
            value = value << 8 | static_cast<std::uint64_t>(byte);
        return value;
    }
    std::uint32_t cell() { return static_cast<std::uint32_t>(number(4)); }
    /// The next string, without its NUL; fails if there is no NUL.
    std::string_view string() {
        const auto* begin = reinterpret_cast<const char*>(bytes_.data());
        const void* end = bytes_.empty() ? nullptr : std::memchr(begin, 0, bytes_.size());
        const std::size_t length =
            end ? static_cast<std::size_t>(static_cast<const char*>(end) - begin) : bytes_.size();
        take(length + 1);
        return failed_ ? std::string_view{} : std::string_view{begin, length};
    }
    std::span<const std::byte> take(std::size_t size) {
        if (size > bytes_.size()) {
            failed_ = true;
            bytes_ = {};
            return {};
        }
        const auto taken = bytes_.first(size);
        bytes_ = bytes_.subspan(size);
        return taken;
    }

  private:
    std::span<const std::byte> bytes_;
    bool failed_ = false;
};

/// Nodes deeper than this make a tree a broken one.
inline constexpr std::size_t depth_limit = 8;

/// The bytes of the tree that begins `blob`, which may be longer; 0 if none begins there.
inline std::size_t size(std::span<const std::byte> blob) {
    Value header{blob};
    const bool magic = header.cell() == 0xd00dfeed;
    const std::uint32_t bytes = header.cell();
    return magic && !header.failed() && bytes <= blob.size() ? bytes : 0;
}

/// Calls `visitor.reservation(first, bytes)`, `begin_node(name)`, `property(name, Value)` and `end_node()` in the order
/// of the tree; `property` only between a node's beginning and its first child. Returns whether the tree was whole; up
/// to where it breaks, everything has been visited.
template <class Visitor>
bool walk(std::span<const std::byte> blob, Visitor&& visitor) {
    constexpr std::uint32_t begin_node = 1, end_node = 2, property = 3, no_operation = 4;
    blob = blob.first(size(blob));
    Value header{blob};
    header.take(8);
    const std::size_t structure = header.cell(), strings = header.cell(), reservations = header.cell();
    if (header.failed() || structure > blob.size() || strings > blob.size() || reservations > blob.size())
        return false;

    for (Value list{blob.subspan(reservations)}; !list.failed();) {
        const std::uint64_t first = list.number(8), bytes = list.number(8);
        if (bytes == 0)
            break;
        visitor.reservation(first, bytes);
    }
    std::size_t depth = 0;
    bool open = false; // properties may come
    for (Value reader{blob.subspan(structure)}; !reader.failed();) {
        const std::uint32_t token = reader.cell();
        if (token == begin_node && depth < depth_limit) {
            const std::string_view name = reader.string();
            reader.take((4 - (name.size() + 1) % 4) % 4);
            visitor.begin_node(name);
            ++depth;
            open = true;
        } else if (token == end_node && depth != 0) {
            visitor.end_node();
            open = false;
            if (--depth == 0)
                return !reader.failed();
        } else if (token == property && open) {
            const std::size_t bytes = reader.cell(), name = reader.cell();
            const Value value{reader.take(bytes)};
            reader.take((4 - bytes % 4) % 4);
            if (name > blob.size() - strings)
                return false;
            visitor.property(Value{blob.subspan(strings + name)}.string(), value);
        } else if (token != no_operation) {
            return false;
        }
    }
    return false;
}

}
