// SPDX-License-Identifier: Apache-2.0
#include "cli/bench/baseline.hpp"

#include <fstream>
#include <iterator>
#include <regex>
#include <stdexcept>

#include <fmt/format.h>

namespace bench::baseline {

namespace {

constexpr double worse = 1.03;

}

std::string make(const Table& table) {
    std::string text = "{";
    for (const Row& row : table.rows())
        if (const auto value = row.cell(System::Sundew).value; value)
            text += fmt::format("{}\n  \"{}\": {}", text.size() > 1 ? "," : "", row.name, *value);
    return text + "\n}\n";
}

int check(const Table& table, const std::filesystem::path& file) {
    std::ifstream stream{file};
    const std::string text{std::istreambuf_iterator<char>{stream}, {}};
    const std::regex entry{"\"([^\"]+)\": *([0-9]+)"};
    int status = 0, compared = 0;
    for (std::sregex_iterator at{text.begin(), text.end(), entry}; at != std::sregex_iterator{}; ++at) {
        const std::string name = (*at)[1];
        const std::uint64_t before = std::stoull((*at)[2]);
        std::optional<std::uint64_t> now;
        for (const Row& row : table.rows())
            if (row.name == name)
                now = row.cell(System::Sundew).value;
        ++compared;
        if (now && static_cast<double>(*now) <= static_cast<double>(before) * worse)
            continue;
        status = 1;
        if (now)
            fmt::print(stderr, "{}: {} now, {} in {}: more than 3 % worse\n", name, *now, before, file.string());
        else
            fmt::print(stderr, "{}: not measured, {} in {}\n", name, before, file.string());
    }
    if (compared == 0)
        throw std::runtime_error{fmt::format("{}: holds no figure", file.string())};
    return status;
}

}
