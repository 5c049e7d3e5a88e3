// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

/// A line that is put together piece by piece.
class Line {
  public:
    Line& operator<<(std::string_view text) {
        for (const char c : text)
            if (length_ < sizeof text_)
                text_[length_++] = c;
        return *this;
    }
    Line& operator<<(std::uint64_t number) {
        char digits[20];
        std::size_t at = sizeof digits;
        do
            digits[--at] = static_cast<char>('0' + number % 10);
        while ((number /= 10) != 0);
        return *this << std::string_view{digits + at, sizeof digits - at};
    }
    std::string_view text() const { return {text_, length_}; }

  private:
    char text_[200];
    std::size_t length_ = 0;
};
