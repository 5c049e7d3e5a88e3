// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/manifest_keys.hpp"

namespace manifest {

/// Complains of keys 'after' that name no machine, or between which no machine could be the first.
/// `tables` are what `machines` were read from.
void check_order(const std::vector<Machine>& machines, const toml::array& tables, const Context& context);

}
