// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Benchmarks: monitors and guests that print one number a line, run where virtual time counts instructions.
namespace bench {

struct Figure {
    std::string name;
    std::uint64_t value;
    std::string unit;
};

/// The figures in a console's output: lines that hold `bench: NAME VALUE UNIT`.
std::vector<Figure> parse(std::string_view console);
/// A table for people.
std::string table(const std::vector<Figure>& figures);
/// The same as JSON: a list of objects with name, value and unit.
std::string json(const std::vector<Figure>& figures);

}
