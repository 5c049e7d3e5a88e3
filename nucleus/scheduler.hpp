// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "nucleus/nucleus.hpp"

// Who runs, who waits, and for what. Every function is called with the lock held.

/// Shares go up to this.
inline constexpr std::uint64_t share_limit = 1'000'000;

/// Puts a thread that waits for nothing into its hart's ready list, and has that hart look at it if it matters there.
void make_ready(Thread& thread);
/// Ends a thread's wait; an EventWait returns `result`.
void wake(Thread& thread, abi::Result<std::uint64_t> result);
/// Takes this hart's current thread off it to wait for `wait`.
void block(Thread& thread, Wait wait);
/// Takes a thread that is no hart's current one out of every list.
void unlink(Thread& thread);

void arm(Timer& timer, Hart& hart, std::uint64_t deadline);
void disarm(Timer& timer);
/// Has the guest's timer fire at the vCPU's vstimecmp, which is in the guest's time.
void arm_guest_timer(Vcpu& vcpu);
/// Fires the timers of `hart` that are due at `time`.
void expire(Hart& hart, std::uint64_t time);
/// When `hart` next needs its timer, in ticks; ~0: never.
std::uint64_t next_deadline(const Hart& hart);
/// Chooses what `hart` runs from `time` on: `hart.current`, null for nothing.
void pick(Hart& hart, std::uint64_t time);

void raise(Event& event, std::uint64_t bits);
/// Raises the bits if the event still lives.
void raise(const Signal& signal);
/// Sets and clears bits of a vCPU's hvip, wherever it is, and ends its wait for an interrupt.
void interrupt(Vcpu& vcpu, std::uint64_t set, std::uint64_t clear);

/// Writes the outcome of a system call into its caller's a0 and a1.
void answer(Thread& thread, abi::Result<std::uint64_t> result);
/// Ends a process: none of its threads runs again. What it holds stays until it is destroyed.
void end(Process& process, abi::ProcessState state, std::uint64_t cause, std::uint64_t trap_value,
         const abi::Registers& registers);
/// Frees a thread that is no hart's current one; the last one takes its process along.
void release(Thread& thread);
/// Takes a vCPU off the hart that it is loaded on, this one; a thread that could not run it elsewhere goes on.
void evict(Vcpu& vcpu);
/// Breaks the bond of thread and vCPU. If the guest was to run on, VcpuResume fails with BadHandle.
void unbind(Thread& thread);

/// Names all vCPUs of a guest, on harts that do not run them too: for changes that are not the guest's own.
inline constexpr std::uint64_t every_vcpu = ~std::uint64_t{0};
/// Whether every hart but `self` has fenced the changes of `space` up to `epoch`, or does not have it loaded. Of a
/// guest's space, only the harts that run one of `vcpus`, a set of the guest's hart ids.
bool fenced(const Hart& self, const Space& space, std::uint64_t epoch, std::uint64_t vcpus = every_vcpu);
/// Makes `self`'s current thread wait until these harts have fenced all changes of `space`.
void fence(Hart& self, Space& space, std::uint64_t vcpus = every_vcpu);
/// Ends `self`'s wait for a fence if every hart has come by.
void end_fence(Hart& self);
/// Tells the harts whose wait for a fence can end, now that `self` has come by.
void report_fences(const Hart& self);
