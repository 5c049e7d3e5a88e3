// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace program_file {

/// What keeps `file` from being a program for the target: "does not exist", "is ..."; nothing if it can be one. The
/// manager looks closer when it loads it.
std::optional<std::string> check(const std::filesystem::path& file);

}
