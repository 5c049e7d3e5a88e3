// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gdb {

constexpr std::optional<std::uint8_t> digit_value(char digit) {
    if (digit >= '0' && digit <= '9')
        return static_cast<std::uint8_t>(digit - '0');
    if (digit >= 'a' && digit <= 'f')
        return static_cast<std::uint8_t>(digit - 'a' + 10);
    if (digit >= 'A' && digit <= 'F')
        return static_cast<std::uint8_t>(digit - 'A' + 10);
    return {};
}

inline void append_hex(std::string& text, std::uint8_t byte) {
    constexpr std::string_view digits = "0123456789abcdef";
    text.push_back(digits[byte >> 4]);
    text.push_back(digits[byte & 15]);
}

inline std::string to_hex(std::span<const std::byte> bytes) {
    std::string text;
    text.reserve(2 * bytes.size());
    for (const std::byte byte : bytes)
        append_hex(text, static_cast<std::uint8_t>(byte));
    return text;
}

/// The bytes that pairs of digits stand for; nothing if there is anything else, or an odd digit.
inline std::optional<std::vector<std::byte>> from_hex(std::string_view text) {
    if (text.size() % 2 != 0)
        return {};
    std::vector<std::byte> bytes;
    bytes.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const auto high = digit_value(text[i]), low = digit_value(text[i + 1]);
        if (!high || !low)
            return {};
        bytes.push_back(static_cast<std::byte>(*high << 4 | *low));
    }
    return bytes;
}

/// Number without leading zeros, as most of the protocol has numbers.
inline std::string number_text(std::uint64_t value) {
    std::string text;
    for (int shift = 60; shift >= 0; shift -= 4)
        if (value >> shift != 0 || shift == 0)
            text.push_back("0123456789abcdef"[value >> shift & 15]);
    return text;
}

inline std::string decimal_text(std::uint64_t value) {
    std::string text;
    do
        text.insert(text.begin(), static_cast<char>('0' + value % 10));
    while ((value /= 10) != 0);
    return text;
}

/// Reads a packet from its start on.
class Scanner {
  public:
    explicit Scanner(std::string_view text) : rest_{text} {}

    std::string_view rest() const { return rest_; }
    bool empty() const { return rest_.empty(); }
    /// Steps over `text` if it comes next; whether it does.
    bool accept(std::string_view text) {
        if (!rest_.starts_with(text))
            return false;
        rest_.remove_prefix(text.size());
        return true;
    }
    /// A hexadecimal number of 1 to 16 digits.
    std::optional<std::uint64_t> number() {
        std::uint64_t value = 0;
        std::size_t count = 0;
        for (; count < rest_.size(); ++count) {
            const auto digit = digit_value(rest_[count]);
            if (!digit)
                break;
            if (count == 16)
                return {};
            value = value << 4 | *digit;
        }
        if (count == 0)
            return {};
        rest_.remove_prefix(count);
        return value;
    }
    /// Two numbers with a character between.
    std::optional<std::pair<std::uint64_t, std::uint64_t>> pair(std::string_view between = ",") {
        const auto first = number();
        if (!first || !accept(between))
            return {};
        const auto second = number();
        if (!second)
            return {};
        return std::pair{*first, *second};
    }

  private:
    std::string_view rest_;
};

}
