// SPDX-License-Identifier: Apache-2.0
#include "cli/bench.hpp"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>

namespace bench {

std::vector<Figure> parse(std::string_view console) {
    constexpr std::string_view mark = "bench: ";
    std::vector<Figure> figures;
    std::istringstream lines{std::string{console}};
    for (std::string line; std::getline(lines, line);) {
        const auto at = line.find(mark);
        if (at == std::string::npos)
            continue;
        std::istringstream words{line.substr(at + mark.size())};
        Figure figure;
        if (words >> figure.name >> figure.value >> figure.unit)
            figures.push_back(figure);
    }
    return figures;
}

std::string table(const std::vector<Figure>& figures) {
    std::size_t width = 0;
    for (const Figure& figure : figures)
        width = std::max(width, figure.name.size());
    std::string text;
    for (const Figure& figure : figures)
        text += fmt::format("{:<{}}  {:>10} {}\n", figure.name, width, figure.value, figure.unit);
    return text;
}

std::string json(const std::vector<Figure>& figures) {
    std::string text = "[";
    for (const Figure& figure : figures)
        text += fmt::format("{}\n  {{\"name\": \"{}\", \"value\": {}, \"unit\": \"{}\"}}", text.size() > 1 ? "," : "",
                            figure.name, figure.value, figure.unit);
    return text + "\n]\n";
}

}
