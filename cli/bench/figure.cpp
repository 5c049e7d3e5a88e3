// SPDX-License-Identifier: Apache-2.0
#include "cli/bench/figure.hpp"

#include <algorithm>
#include <charconv>
#include <sstream>
#include <stdexcept>

namespace bench {

namespace {

std::optional<Figure> parse_line(std::string_view line) {
    for (const std::string_view mark : {"bench: ", "statistics: "}) {
        const auto at = line.find(mark);
        if (at == line.npos)
            continue;
        std::istringstream words{std::string{line.substr(at + mark.size())}};
        Figure figure;
        std::string value;
        if (!(words >> figure.name >> value))
            return {};
        if (value == "-") {
            std::getline(words >> std::ws, figure.reason, '\r');
            return figure;
        }
        std::uint64_t number = 0;
        const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
        if (error != std::errc{} || end != value.data() + value.size() || !(words >> figure.unit))
            return {};
        figure.value = number;
        return figure;
    }
    return {};
}

}

std::vector<Figure> parse(std::string_view console) {
    std::vector<Figure> figures;
    std::istringstream lines{std::string{console}};
    for (std::string line; std::getline(lines, line);)
        if (auto figure = parse_line(line))
            figures.push_back(std::move(*figure));
    return figures;
}

const Figure* find(const std::vector<Figure>& figures, std::string_view name) {
    const auto found = std::ranges::find(figures, name, &Figure::name);
    return found == figures.end() ? nullptr : &*found;
}

std::optional<std::uint64_t> value_of(const std::vector<Figure>& figures, std::string_view name) {
    const Figure* figure = find(figures, name);
    return figure ? figure->value : std::nullopt;
}

std::uint64_t get(const std::vector<Figure>& figures, std::string_view name) {
    const auto value = value_of(figures, name);
    if (!value)
        throw std::runtime_error{"the figure '" + std::string{name} + "' is missing"};
    return *value;
}

std::vector<Figure> of_one(std::vector<Figure> figures) {
    for (Figure& figure : figures) {
        const auto slash = figure.name.find('/');
        std::uint64_t count = 0;
        if (slash == figure.name.npos ||
            std::from_chars(figure.name.data() + slash + 1, figure.name.data() + figure.name.size(), count).ptr !=
                figure.name.data() + figure.name.size() ||
            count == 0)
            continue;
        figure.name.resize(slash);
        if (figure.value)
            *figure.value = (*figure.value + count / 2) / count;
    }
    return figures;
}

std::vector<Figure> without_start(const std::vector<Figure>& figures) {
    constexpr std::string_view suffix = "-start";
    std::vector<Figure> result;
    for (Figure figure : figures) {
        if (figure.name.ends_with(suffix))
            continue;
        for (const Figure& start : figures)
            if (start.name.ends_with(suffix) && figure.value && start.value &&
                figure.name.starts_with(start.name.substr(0, start.name.size() - suffix.size() + 1)))
                *figure.value -= std::min(*figure.value, *start.value);
        result.push_back(std::move(figure));
    }
    return result;
}

}
