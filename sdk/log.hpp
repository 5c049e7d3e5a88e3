// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "abi/call.hpp"

namespace sdk {

/// Writes to the console, in pieces of at most abi::log_bytes that do not mix with others'.
void write(std::string_view text);
/// A line on the console, as printf would format it, after the program's name.
[[gnu::format(printf, 1, 2)]] void log(const char* format, ...);
/// The same, and the end of the process.
[[noreturn, gnu::format(printf, 1, 2)]] void fail(const char* format, ...);

/// A guest's console: collects characters and writes them line by line, so that what other guests write lies between
/// lines. A line longer than one piece is written in several.
class Console {
  public:
    void put(char character) {
        line_[length_++] = character;
        if (character == '\n' || length_ == line_.size()) {
            write({line_.data(), length_});
            length_ = 0;
        }
    }

  private:
    std::array<char, abi::log_bytes> line_;
    std::size_t length_ = 0;
};

}
