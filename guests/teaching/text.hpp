// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "guests/teaching/calls.hpp"

/// A line in the making, for kernel and programs. What does not fit is cut.
class Text {
  public:
    Text& operator<<(std::string_view text) {
        const std::size_t count = std::min(text.size(), bytes_.size() - size_);
        std::ranges::copy(text.substr(0, count), bytes_.begin() + static_cast<std::ptrdiff_t>(size_));
        size_ += count;
        return *this;
    }
    Text& operator<<(std::uint64_t number) { return digits(number, 10); }
    Text& hex(std::uint64_t number) { return (*this << "0x").digits(number, 16); }
    operator std::string_view() const { return {bytes_.data(), size_}; }

  private:
    Text& digits(std::uint64_t number, unsigned base) {
        char reversed[20]; // 64 bits in decimal
        std::size_t count = 0;
        do
            reversed[count++] = "0123456789abcdef"[number % base];
        while ((number /= base) != 0);
        while (count != 0)
            *this << std::string_view{&reversed[--count], 1};
        return *this;
    }
    std::array<char, text_limit> bytes_{};
    std::size_t size_ = 0;
};

/// The text in an array of characters that ends at a NUL, or else at the array's end.
template <std::size_t Size>
std::string_view text_of(const char (&characters)[Size]) {
    const std::string_view all{characters, Size};
    return all.substr(0, all.find('\0'));
}

inline std::uint64_t now() {
    std::uint64_t ticks;
    asm volatile("rdtime %0" : "=r"(ticks));
    return ticks;
}
inline constexpr std::uint64_t ticks_per_millisecond = 10'000; ///< QEMU's virt counts 10 MHz
