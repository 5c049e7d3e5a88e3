// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "cli/bench/table.hpp"

namespace bench {

/// One group of bars a row, the longer the worse, on a logarithmic scale from 1 on.
std::string Table::svg() const {
    constexpr int left = 250, length = 460, bar = 9, gap = 8, top = 46;
    constexpr const char* colours[]{"#9aa5b1", "#e0a030", "#b0285a"};
    std::vector<const Row*> shown;
    std::uint64_t most = 10;
    for (const Row& row : rows_)
        if (row.unit == "instructions" && (row.ratio_to(System::Bare) || row.ratio_to(System::Kvm))) {
            shown.push_back(&row);
            for (const Row::Cell& cell : row.cells)
                most = std::max(most, cell.value.value_or(0));
        }
    const double decades = std::ceil(std::log10(static_cast<double>(most)));
    const auto width = [&](std::uint64_t value) {
        return value < 1 ? 0.0 : std::log10(static_cast<double>(value)) / decades * length;
    };
    const int group = bar * static_cast<int>(systems.size()) + gap;
    const int height = top + group * static_cast<int>(shown.size()) + 10;
    std::string text = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" "
        "font-family=\"sans-serif\" font-size=\"11\">\n<rect width=\"{0}\" height=\"{1}\" fill=\"#fff\"/>\n",
        left + length + 110, height);
    for (const System system : systems) {
        const int at = left + 110 * static_cast<int>(system);
        text += fmt::format(
            "<rect x=\"{}\" y=\"10\" width=\"10\" height=\"10\" fill=\"{}\"/><text x=\"{}\" y=\"19\">{}</text>\n", at,
            colours[static_cast<std::size_t>(system)], at + 14, name_of(system));
    }
    text += fmt::format("<text x=\"{}\" y=\"38\" fill=\"#666\">instructions, logarithmic</text>\n", left);
    int y = top;
    for (const Row* row : shown) {
        text += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\n", left - 8, y + group / 2 + 1,
                            row->name);
        for (std::size_t i = 0; i < systems.size(); ++i) {
            if (const auto value = row->cells[i].value)
                text += fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{:.1f}\" height=\"{}\" fill=\"{}\"/>"
                                    "<text x=\"{:.1f}\" y=\"{}\" font-size=\"9\">{}</text>\n",
                                    left, y, std::max(width(*value), 1.0), bar - 1, colours[i],
                                    left + std::max(width(*value), 1.0) + 4, y + bar - 1, *value);
            y += bar;
        }
        y += gap;
    }
    return text + "</svg>\n";
}

}
