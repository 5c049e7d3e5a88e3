// SPDX-License-Identifier: Apache-2.0
#include "cli/bench/suite.hpp"
#include "cli/verbs/verbs.hpp"

void add_bench(CommandLine& line) {
    const auto suite = std::make_shared<bench::Suite>();
    line.verb("bench", "Count what things cost, on the bare emulated machine, on Sundew, and on Linux's KVM.",
              [suite] { return (*suite)(); })
        .option("--cpu", suite->settings.cpu, "QEMU's model of the harts")
        .option("--qemu", suite->settings.qemu, "7 or 10 (as `sundew test` fetches them), or a path")
        .size("--memory", suite->settings.memory, "RAM of the guests and of the bare machine")
        .option("--only", suite->only,
                "parts of the suite, as a regular expression: nucleus, primitives, boot, console, disk, programs, "
                "debian, timer, scale, machines, aia")
        .choices("--on", suite->on, {"bare", "KVM", "Sundew"},
                 "only on this system, which may be given again: bare, KVM, Sundew")
        .flag("--quick", suite->quick, "only what takes less than a minute and is always the same")
        .flag("--json", suite->json, "as JSON")
        .option("--svg", suite->svg, "also write a picture to this file")
        .existing_file("--check", suite->baseline, "fail where a figure is more than 3 % worse than in this file")
        .option("--write-baseline", suite->new_baseline, "write Sundew's figures to a file for --check");
}
