// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "cli/bench/table.hpp"

/// Figures to hold on to: a JSON object of names and Sundew's values.
namespace bench::baseline {

std::string make(const Table& table);
/// Says which rows have become more than 3 % worse than in `file`, or are missing; the verb's exit status.
int check(const Table& table, const std::filesystem::path& file);

}
