// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "nucleus/nucleus.hpp"

/// Sets this hart's registers that never change again.
void set_up_hart();
/// Loads a vCPU's state into `hart`, which is this one, and has none loaded.
void load(Vcpu& vcpu, Hart& hart);
/// Brings hvip up to what others have set and cleared; the vCPU is loaded here.
void deliver_interrupts(Vcpu& vcpu);
/// Drops all translations of the guest that is loaded here.
void fence_guest();
/// Sets sstatus and hstatus for what `thread` is to run: its program, or the guest of its vCPU.
void set_mode(const Thread& thread);

/// Handles an exception that a guest took: answers it here, or makes it an exit.
void guest_trap(Hart& hart, Thread& thread, std::uint64_t cause);
/// Goes back to the monitor, whose VcpuResume returns.
void exit_guest(Thread& thread, abi::ExitReason reason);
/// Goes on with the guest of `thread`'s vCPU, which is loaded here.
void resume_guest(Thread& thread);
