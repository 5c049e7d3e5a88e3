// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "cli/bench/figure.hpp"
#include "cli/bench/system.hpp"

namespace bench {

/// One thing that was measured, on each system where it could be.
struct Row {
    struct Cell {
        std::optional<std::uint64_t> value;
        std::string reason; ///< why there is no value
    };
    std::string name, unit;
    std::array<Cell, systems.size()> cells;

    Cell& cell(System system) { return cells[static_cast<std::size_t>(system)]; }
    const Cell& cell(System system) const { return cells[static_cast<std::size_t>(system)]; }
    /// One's value by another's.
    std::optional<double> ratio(System one, System other) const;
};

/// Rows in the order in which they came.
class Table {
  public:
    /// The row of that name; a new one if there is none.
    Row& row(const std::string& name, const std::string& unit = {});
    void set(System system, const std::string& name, std::uint64_t value, const std::string& unit);
    void set_reason(System system, const std::string& name, const std::string& reason);
    const std::vector<Row>& rows() const { return rows_; }

    std::string text() const; ///< for people
    std::string json() const; ///< a list of objects
    std::string svg() const;  ///< a picture: bars of those rows that say most

  private:
    std::vector<Row> rows_;
};

}
