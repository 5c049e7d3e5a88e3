// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command_line.hpp"

/// What is generated from the tables that --help is made of.
namespace manual {

/// A manual page, sundew(1), in the man macros of groff_man(7).
std::string page(const std::vector<VerbText>& verbs);
/// A script for bash that completes verbs, options, and names of machines of the running system.
std::string bash_completion(const std::vector<VerbText>& verbs);

}
