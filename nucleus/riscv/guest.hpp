// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "nucleus/nucleus.hpp"

/// Sets this hart's registers that never change again.
void set_up_hart();
/// Loads a vCPU's state into `hart`, which is this one, and has none loaded.
void load(Vcpu& vcpu, Hart& hart);
/// Brings hvip up to what others have set and cleared; the vCPU is loaded here.
void deliver_interrupts(Vcpu& vcpu);
/// Lets messages interrupt this hart that are lines of the host's.
void open_messages();
/// The vCPU, whose file is this hart's, runs: what comes into its file is its own business.
void unwatch_file(const Vcpu& vcpu);
/// Wakes the vCPUs of this hart that wait for what has come into their interrupt files.
void wake_files(Hart& hart);
/// Drops all translations of the guest that is loaded here.
void fence_guest();
/// Part of the way from a guest to its monitor and back, where nothing is loaded or saved: what set_mode would set.
void leave_guest_mode(Vcpu& vcpu);
void enter_guest_mode(const Vcpu& vcpu);
/// Keeps of sstatus and hstatus what is a vCPU's, after a trap that may lead to another thread.
void save_mode(const Hart& hart);
/// Sets sstatus, hstatus and stvec for what `thread` is to run: its program, or the guest of its vCPU.
void set_mode(const Thread& thread);

/// What a hart runs after a trap: the current thread's program, its guest, or whatever the lists say now.
enum class Next : std::uint8_t { Program, Guest, Choice };

/// Everything that has come in for this hart: other harts' wishes, its timer, its devices.
Next take_interrupts(Hart& hart);
/// Whether a trap with this scause is an interrupt (privileged manual, table scauses).
inline bool is_interrupt(std::uint64_t cause) {
    return static_cast<std::int64_t>(cause) < 0;
}
/// Handles a trap from a guest: what came in for the hart, or what the guest did, answered here or made an exit.
Next guest_trap(Hart& hart, Thread& thread, std::uint64_t cause);
/// Says why the guest has stopped and makes its program, whose VcpuResume returns, the one to go on.
void exit_guest(Thread& thread, abi::ExitReason reason);
/// Goes on with the guest of `thread`'s vCPU, which is loaded here.
void resume_guest(Thread& thread);
