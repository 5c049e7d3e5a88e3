// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "cli/control/channel.hpp"

namespace control {

/// Why a verb did not end well, and what to do, in a line; `machine` is empty where the verb names none.
std::string explain(Verb verb, std::string_view machine, const Event& end);
/// That there is no machine of that name, and which `names` come nearest.
std::string explain_missing(std::string_view machine, std::span<const std::string> names);

}
