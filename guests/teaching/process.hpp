// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

#include "guests/teaching/calls.hpp"
#include "guests/teaching/page.hpp"

/// The registers of a process while it does not run.
struct Context {
    std::uint64_t x[32]; ///< x[0] stays zero, so that an index is a register number
    std::uint64_t pc;
    std::uint64_t stack; ///< the kernel's stack pointer while the process runs
};
static_assert(offsetof(Context, pc) == 256 && offsetof(Context, stack) == 264); // trap.S

/// Runs `context` in user mode until it traps. The trap is the return: scause and stval then say why.
extern "C" void enter(Context& context);

struct Process {
    using State = ProcessState;
    State state;
    std::uint64_t id, parent;
    std::uint64_t wake_at; ///< in ticks, when asleep
    Context context;
    AddressSpace memory;
    char command[command_limit];
};

std::span<Process> processes();
/// The number of a new process that carries out `command`; `refused` if there are no more pages or processes.
std::int64_t start_process(std::string_view command, std::uint64_t parent);
/// Ends it; who waits for it goes on.
void end_process(Process& process);
/// Lets processes take turns until the first one has ended.
void run_processes();

/// Does what a process trapped for (trap.cpp). Whether its turn goes on.
bool handle_trap(Process& process);
