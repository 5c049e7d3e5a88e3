// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <span>

#include "nucleus/fdt.hpp"
#include "nucleus/interrupt_controller.hpp"
#include "nucleus/lock.hpp"
#include "nucleus/object.hpp"
#include "nucleus/riscv/layout.h"

/// One hart and what it has loaded. Fields are its own; others read and write them under the lock.
struct Hart {
    abi::Registers* registers; ///< what `enter` runs; this and the next three belong to trap.S
    std::uint64_t stack;
    std::uint64_t return_address;
    std::uint64_t scratch;

    Thread* current; ///< null: idle
    std::uint64_t number;
    std::uint64_t id; ///< firmware's name for it

    Process* process;            ///< whose space satp holds; null: none
    Vcpu* vcpu;                  ///< whose state is loaded; stays after its thread has made room for one without a vCPU
    std::uint64_t program_epoch; ///< the changes of these two spaces that this hart has fenced
    std::uint64_t guest_epoch;
    Space* fencing; ///< the current thread goes on when all harts have fenced this space's `fence_epoch`
    std::uint64_t fence_epoch;
    std::uint64_t fence_vcpus; ///< of a guest's space: those whose harts it waits for

    OrderedList<Thread, &Thread::next, &Thread::order> ready;
    OrderedList<Timer, &Timer::next, &Timer::deadline> timers;
    std::uint64_t slice_end;
    std::uint64_t charged;      ///< up to when `current` has been charged for its time
    std::uint64_t armed;        ///< deadline in the hart's timer
    std::uint64_t vmid_tickets; ///< handed out so far
    std::atomic<bool> running;  ///< it has come into the nucleus
    /// Whose each guest interrupt file is: a vCPU, by its serial, since it may be gone by then.
    struct File {
        Vcpu* vcpu;
        std::uint64_t serial;
    };
    std::array<File, 64> files;
};
static_assert(offsetof(Hart, registers) == HART_REGISTERS && offsetof(Hart, stack) == HART_STACK &&
              offsetof(Hart, return_address) == HART_RETURN && offsetof(Hart, scratch) == HART_SCRATCH);

/// All of the nucleus's state.
struct Nucleus {
    static constexpr std::size_t hart_limit = 64;
    std::uint64_t features = 0; ///< abi::SystemFeature bits
    Lock lock;
    Lock console_lock; ///< for whole pieces of text; taken alone or last
    Pool pool;
    HostPhysical root;              ///< the page table with nothing but the window
    std::uint64_t window_entry = 0; ///< the entry of every root page table that leads to the window
    std::array<Hart*, hart_limit> harts{};
    std::uint64_t hart_count = 0;
    InterruptController interrupts;
    std::array<Signal, InterruptController::line_limit> lines{};            ///< what each host interrupt line raises
    std::array<std::uint8_t, InterruptController::line_limit> line_harts{}; ///< and which hart it interrupts
    std::uint64_t timebase_hertz = 0;
    std::uint64_t slice_ticks = 0; ///< how long a thread runs while another of its priority is ready
    std::uint64_t henvcfg = 0;     ///< what guests are given
    std::uint64_t vector_bytes = 0;
    std::uint64_t vmid_count = 1;
    std::uint64_t identities = 0;      ///< of messages: each interrupt file takes them from 1 on
    std::uint64_t file_count = 0;      ///< guest interrupt files of each hart (AIA), numbered from 1
    std::uint64_t first_file_page = 0; ///< of the IMSICs: each hart's own file, then its guests',
    std::uint64_t file_index_bits = 0; ///< in as many pages as these bits count
    std::uint64_t tree_offset = 0;     ///< of the device tree in its first page

    /// The page of a hart's own interrupt file; its guests' follow.
    std::uint64_t own_file(std::uint64_t hart) const {
        return first_file_page + (std::uint64_t{interrupts.context(hart)} << file_index_bits);
    }
    bool has(abi::SystemFeature feature) const { return (features & static_cast<std::uint64_t>(feature)) != 0; }
};
extern constinit Nucleus nucleus;

// What the hardware does for the portable part; nucleus/riscv/ implements it, and each unit test its own.

Hart& this_hart();
/// Now, in timebase ticks.
std::uint64_t now();
/// This hart's counters of cycles and of instructions.
std::uint64_t cycles();
std::uint64_t instructions();
/// Makes another hart come into the nucleus and `settle`.
void interrupt_hart(const Hart& hart);
/// The guest interrupt file of this hart that is the page of that number; 0: it is none.
std::uint64_t guest_file(std::uint64_t page);
/// Empties a guest interrupt file of this hart, and makes it the vCPU's, which is not loaded.
void use_file(Vcpu& vcpu, std::uint64_t file);
/// Whether the vCPU's file, if it is one of this hart's, has an interrupt for it.
bool file_pending(const Vcpu& vcpu);
/// Has this hart interrupted when the vCPU's file gets an interrupt that the guest takes: for one that waits.
void watch_file(Vcpu& vcpu);
/// Saves a vCPU's state from this hart, where it is loaded.
void unload(Vcpu& vcpu);
/// Leaves this hart as its lists say: run after anything that may have changed them, with the lock held.
void settle(Hart& hart);
/// The part of it that is about page tables: loads those of what is to run and fences what has changed in them.
void settle_spaces(Hart& hart);
/// Writes to the firmware's console.
void print(std::span<const char> text);
[[noreturn]] void reset(std::uint64_t type);
/// This machine cannot be used: says why in a line, and resets it with failure.
[[noreturn]] void refuse(const char* message);
/// A bug of ours: says so with all registers, and resets the machine with failure.
[[noreturn]] void panic(const char* message);
