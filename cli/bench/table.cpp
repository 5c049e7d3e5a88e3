// SPDX-License-Identifier: Apache-2.0
#include "cli/bench/table.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace bench {

namespace {

std::string cell_text(const Row::Cell& cell) {
    return cell.value ? fmt::format("{}", *cell.value) : "-";
}

std::string ratio_text(std::optional<double> ratio) {
    return ratio ? fmt::format("{:.3f}", *ratio) : "-";
}

std::string escape(const std::string& text) {
    std::string result;
    for (const char c : text)
        result +=
            c == '"' || c == '\\' ? std::string{'\\', c} : std::string{static_cast<unsigned char>(c) < ' ' ? ' ' : c};
    return result;
}

}

std::optional<double> Row::ratio(System one, System other) const {
    const auto &own = cell(one).value, &its = cell(other).value;
    if (!own || !its || *its == 0)
        return {};
    return static_cast<double>(*own) / static_cast<double>(*its);
}

Row& Table::row(const std::string& name, const std::string& unit) {
    auto found = std::ranges::find(rows_, name, &Row::name);
    if (found == rows_.end()) {
        rows_.emplace_back();
        found = rows_.end() - 1;
        found->name = name;
    }
    if (!unit.empty())
        found->unit = unit;
    return *found;
}

void Table::set(System system, const std::string& name, std::uint64_t value, const std::string& unit) {
    row(name, unit).cell(system) = {value, {}};
}

void Table::set_reason(System system, const std::string& name, const std::string& reason) {
    row(name).cell(system) = {{}, reason};
}

std::string Table::text() const {
    std::size_t width = 4;
    for (const Row& row : rows_)
        width = std::max(width, row.name.size());
    std::string text = fmt::format("{:<{}} {:>14} {:>14} {:>14} {:>8} {:>8}  unit\n", "", width, "bare", "KVM",
                                   "Sundew", "/ bare", "/ KVM");
    std::string reasons;
    for (const Row& row : rows_) {
        text += fmt::format("{:<{}} {:>14} {:>14} {:>14} {:>8} {:>8}  {}\n", row.name, width,
                            cell_text(row.cell(System::Bare)), cell_text(row.cell(System::Kvm)),
                            cell_text(row.cell(System::Sundew)), ratio_text(row.ratio(System::Sundew, System::Bare)),
                            ratio_text(row.ratio(System::Sundew, System::Kvm)), row.unit);
        for (const System system : systems)
            if (const auto& cell = row.cell(system); !cell.reason.empty())
                reasons += fmt::format("  {} on {}: {}\n", row.name, name_of(system), cell.reason);
    }
    return reasons.empty() ? text : text + "Not measured:\n" + reasons;
}

std::string Table::json() const {
    std::string text = "[";
    for (const Row& row : rows_) {
        text += fmt::format("{}\n  {{\"name\": \"{}\", \"unit\": \"{}\"", text.size() > 1 ? "," : "", escape(row.name),
                            escape(row.unit));
        for (const System system : systems) {
            const Row::Cell& cell = row.cell(system);
            if (cell.value)
                text += fmt::format(", \"{}\": {}", name_of(system), *cell.value);
            else if (!cell.reason.empty())
                text += fmt::format(", \"{}\": \"{}\"", name_of(system), escape(cell.reason));
        }
        text += "}";
    }
    return text + "\n]\n";
}

}
