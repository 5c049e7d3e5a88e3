// SPDX-License-Identifier: Apache-2.0
// `sundew`, the host's tool: one verb for each thing that a person does with Sundew.
#include <exception>

#include <fmt/format.h>

#include "cli/verbs/verbs.hpp"

int main(int argc, char** argv) try {
    CommandLine line{"sundew", "Sundew, a hypervisor for RISC-V, on QEMU's machine `virt`."};
    for (AddVerb* add :
         {add_run,      add_ps,     add_console, add_logs,  add_start, add_stop,   add_restart, add_pause,
          add_resume,   add_create, add_rm,      add_top,   add_stats, add_events, add_trace,   add_gdb,
          add_shutdown, add_check,  add_bundle,  add_fetch, add_test,  add_bench,  add_man,     add_completion})
        add(line);
    return line.run(argc, argv);
} catch (const std::exception& error) {
    fmt::print(stderr, "sundew: {}\n", error.what());
    return failed;
}
