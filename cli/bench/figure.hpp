// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Benchmarks: what guests, monitors and the emulator say that things cost, and how it compares.
namespace bench {

/// One number; or no number, and why.
struct Figure {
    std::string name;
    std::optional<std::uint64_t> value;
    std::string unit, reason;
};

/// The figures in a console's output: lines that hold `bench: NAME VALUE UNIT` or `statistics: NAME VALUE UNIT`, and
/// `bench: NAME - WHY` for what could not be measured.
std::vector<Figure> parse(std::string_view console);

/// The figure of that name; null if there is none.
const Figure* find(const std::vector<Figure>& figures, std::string_view name);
/// Its value; nothing if there is none.
std::optional<std::uint64_t> value_of(const std::vector<Figure>& figures, std::string_view name);

/// Its value; throws std::runtime_error if there is none.
std::uint64_t get(const std::vector<Figure>& figures, std::string_view name);

/// Those named `NAME/COUNT`, which are of so many of something, are of one of them, and named NAME.
std::vector<Figure> of_one(std::vector<Figure> figures);

/// Without those named `PROGRAM-start`, whose values are subtracted from the other figures of that program.
std::vector<Figure> without_start(const std::vector<Figure>& figures);

}
