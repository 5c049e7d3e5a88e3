// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// How things from a running system are shown: to people, and as JSON.
namespace text {

/// What may go to a terminal: control characters and broken UTF-8 are shown as '?'.
std::string printable(std::string_view text);
/// A JSON string, quoted; of bytes that are no UTF-8, the replacement character.
std::string json(std::string_view text);
/// As 17s, 3m 5s, 2h 10m, 4d 3h.
std::string duration(std::uint64_t nanoseconds);
/// As 512M or 1.5G.
std::string size(std::uint64_t bytes);
/// Rows in columns, two blanks between; the first row is the heading.
std::string table(const std::vector<std::vector<std::string>>& rows);

}
