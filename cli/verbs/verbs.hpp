// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command_line.hpp"

/// Adds one verb of the tool, with its options and what it does.
using AddVerb = void(CommandLine& line);
AddVerb add_run, add_check, add_bundle, add_fetch, add_test, add_bench;
AddVerb add_ps, add_start, add_stop, add_restart, add_pause, add_resume, add_logs, add_stats, add_events, add_rm,
    add_console, add_shutdown, add_create, add_gdb, add_trace, add_top, add_man, add_completion;

/// The exit status when something went wrong; 2 is for a command line that is not understood.
inline constexpr int failed = 1;
