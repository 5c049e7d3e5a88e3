// SPDX-License-Identifier: Apache-2.0
#include "cli/control/text.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace text {

namespace {

/// The bytes of the UTF-8 character that `text` begins with (RFC 3629, section 4); 0 if it begins with none.
std::size_t character(std::string_view text) {
    const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
    const auto tail = [&](std::size_t i) { return (byte(i) & 0xc0) == 0x80; };
    const unsigned first = byte(0);
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first < 0xe0)
        return tail(1) ? 2 : 0;
    const bool overlong = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xf0 && byte(1) < 0x90);
    const bool outside = (first == 0xed && byte(1) >= 0xa0) || (first == 0xf4 && byte(1) >= 0x90);
    if (first < 0xe0 || first > 0xf4 || overlong || outside || !tail(1) || !tail(2))
        return 0;
    return first < 0xf0 ? 3 : tail(3) ? 4 : 0;
}

/// Calls `good` for each character and `bad` for each byte that is none.
void each(std::string_view text, auto good, auto bad) {
    while (!text.empty()) {
        const std::size_t bytes = character(text);
        if (bytes != 0)
            good(text.substr(0, bytes));
        else
            bad();
        text.remove_prefix(std::max<std::size_t>(bytes, 1));
    }
}

/// C0, DEL, and C1, which some terminals obey.
bool control(std::string_view c) {
    const auto first = static_cast<unsigned char>(c[0]);
    return first < 0x20 || first == 0x7f || (first == 0xc2 && static_cast<unsigned char>(c[1]) < 0xa0);
}

}

std::string printable(std::string_view text) {
    std::string result;
    each(text, [&](std::string_view c) { result += control(c) ? "?" : c; }, [&] { result += '?'; });
    return result;
}

std::string json(std::string_view text) {
    std::string result = "\"";
    each(
        text,
        [&](std::string_view c) {
            if (c == "\"" || c == "\\")
                result += '\\';
            if (c.size() == 1 && control(c))
                result += fmt::format("\\u{:04x}", static_cast<unsigned char>(c[0]));
            else
                result += c;
        },
        [&] { result += "\\ufffd"; });
    return result + '"';
}

std::string duration(std::uint64_t nanoseconds) {
    const std::uint64_t seconds = nanoseconds / 1'000'000'000, minutes = seconds / 60, hours = minutes / 60;
    if (minutes == 0)
        return fmt::format("{}s", seconds);
    if (hours == 0)
        return fmt::format("{}m {}s", minutes, seconds % 60);
    if (hours < 24)
        return fmt::format("{}h {}m", hours, minutes % 60);
    return fmt::format("{}d {}h", hours / 24, hours % 24);
}

std::string size(std::uint64_t bytes) {
    static constexpr std::string_view units = "BKMGTPE";
    std::size_t unit = 0;
    std::uint64_t whole = bytes, rest = 0;
    for (; whole >= 1024; ++unit) {
        rest = whole % 1024;
        whole /= 1024;
    }
    const std::uint64_t tenths = rest * 10 / 1024;
    if (tenths == 0 || whole >= 100)
        return fmt::format("{}{}", whole, units[unit]);
    return fmt::format("{}.{}{}", whole, tenths, units[unit]);
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], row[i].size());
    }
    std::string result;
    for (const auto& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i)
            line += fmt::format("{:<{}}  ", row[i], widths[i]);
        line.erase(line.find_last_not_of(' ') + 1);
        result += line + '\n';
    }
    return result;
}

}
