// SPDX-License-Identifier: Apache-2.0
#include "cli/verbs/verbs.hpp"

#include <fmt/format.h>

#include "cli/manual.hpp"

void add_completion(CommandLine& line) {
    line.verb("completion", "Print a script that completes for bash: `source <(sundew completion)`.", [&line] {
        fmt::print("{}", manual::bash_completion(line.verbs()));
        return 0;
    });
}
