// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/control/systems.hpp"

/// Runs QEMU by its words as a process of its own, whose output goes to the system's log, and waits until the system
/// answers or has ended; the exit status of the verb that this was for.
int start_in_background(const systems::Claim& claim, File alive, const std::vector<std::string>& words);
