// SPDX-License-Identifier: Apache-2.0
#include "cli/verbs/verbs.hpp"

#include <fmt/format.h>

#include "cli/manifest.hpp"
#include "cli/manual.hpp"

void add_man(CommandLine& line) {
    const auto manifest = std::make_shared<bool>(false);
    line.verb("man", "Print the manual page: `sundew man > sundew.1`, or `sundew man | man -l -`.",
              [&line, manifest] {
                  fmt::print("{}", *manifest ? manifest::reference() : manual::page(line.verbs()));
                  return 0;
              })
        .flag("--manifest", *manifest, "the table of docs/manifest.md instead");
}
