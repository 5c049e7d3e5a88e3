// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/linux/system.hpp"

/// What programs do all day: each prints the time of one round through `figure`.
namespace loops {

using Print = void (*)(const os::File& console, std::string_view name, std::uint64_t value);

void run(const os::File& console, Print figure);

}
