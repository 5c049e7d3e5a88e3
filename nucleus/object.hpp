// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "abi/call.hpp"
#include "abi/vcpu.hpp"
#include "nucleus/handle_table.hpp"
#include "nucleus/list.hpp"
#include "nucleus/page_table.hpp"
#include "nucleus/pool.hpp"

struct Hart;
struct Event;
struct Thread;
struct Vcpu;

/// The pool as the memory of one account's page tables.
struct TableMemory {
    Pool& pool;
    Account& account;

    std::uint64_t read(HostPhysical entry) const { return *static_cast<volatile std::uint64_t*>(pool.pointer(entry)); }
    void write(HostPhysical entry, std::uint64_t value) const {
        *static_cast<volatile std::uint64_t*>(pool.pointer(entry)) = value;
    }
    std::optional<HostPhysical> allocate() const {
        if (const void* page = pool.allocate(account))
            return pool.physical(page);
        return {};
    }
};

/// A program's or a guest's addresses, and the account that pays for their tables.
struct Space {
    Account account;
    PageTable<TableMemory> table;
    std::uint64_t epoch = 0; ///< counts the changes that each hart must fence before they hold
};

/// A moment at which something happens to a thread, in the list of the hart that waits for it.
struct Timer {
    Timer* next = nullptr;
    std::uint64_t deadline = 0; ///< timebase ticks
    Hart* hart = nullptr;       ///< where it is armed; null: it is not
    Thread* thread = nullptr;   ///< whose EventWait times out,
    Vcpu* vcpu = nullptr;       ///< or the vCPU whose guest's timer it is
};

/// Bits to raise in an event that may be gone by then.
struct Signal {
    Event* event = nullptr;
    std::uint64_t serial = 0;
    std::uint64_t bits = 0;
};

struct Process {
    static constexpr auto kind = abi::Kind::Process;
    Space space;
    HandleTable* handles = nullptr;
    static constexpr std::uint64_t depth_limit = 8;
    Process* parent = nullptr; ///< its quota came from there and goes back there
    std::uint64_t depth = 0;   ///< ancestors, the manager included
    std::uint64_t harts = 0;   ///< where its threads may run, as a set of hart numbers
    std::uint64_t share = 0;   ///< of the time on harts, against others of the same priority
    Signal death;
    abi::ProcessState state = abi::ProcessState::Alive;
    std::uint64_t cause = 0, trap_value = 0;
    abi::Registers registers{}; ///< of the thread that ended it
};

struct Guest {
    static constexpr auto kind = abi::Kind::Guest;
    static constexpr std::size_t vcpu_limit = 64; ///< a hart mask of SBI
    Space space;
    Process* process = nullptr;
    abi::GuestFlags flags{};
    bool dying = false;
    std::uint64_t time_delta = 0;
    std::uint64_t vcpu_count = 0;
    std::array<Vcpu*, vcpu_limit> vcpus{}; ///< by the guest's hart id

    bool has(abi::GuestFlags flag) const {
        return (static_cast<std::uint64_t>(flags) & static_cast<std::uint64_t>(flag)) != 0;
    }
};

/// What a thread waits for: bits of an event, an interrupt for its guest, or another hart to let go of its vCPU.
enum class Wait : std::uint8_t { None, Event, Interrupt, Unload };

struct Thread {
    static constexpr auto kind = abi::Kind::Thread;
    abi::Registers registers; ///< the program's
    abi::Registers* active;   ///< what `enter` runs: `registers`, or those in the vCPU page while the guest runs
    abi::Handle resumable;    ///< the vCPU handle that VcpuResume may take without a look; 0: none
    Vcpu* vcpu;               ///< bound to this thread
    Process* process;
    Hart* hart;
    Thread* next;         ///< in its hart's ready list or an event's waiters
    std::uint8_t urgency; ///< 255 - priority
    std::uint64_t pass;   ///< time on harts, divided by its process's share: who has had least is next
    std::uint64_t order;  ///< urgency, then pass: lists are in ascending order
    bool dead;
    Wait wait;
    Event* event; ///< waited for, for any of
    std::uint64_t wanted;
    Timer timer;

    bool in_guest() const { return active != &registers; }
    static constexpr unsigned pass_bits = 56; ///< behind the urgency: `pass` never grows beyond them
    void set_order() { order = std::uint64_t{urgency} << pass_bits | pass; }
};

struct Event {
    static constexpr auto kind = abi::Kind::Event;
    Process* process; ///< on whose quota it lives
    std::uint64_t signals;
    OrderedList<Thread, &Thread::next, &Thread::order> waiters;
};

struct Vcpu {
    static constexpr auto kind = abi::Kind::Vcpu;
    abi::VcpuPage* page;
    Guest* guest;
    Thread* thread;
    Hart* hart;            ///< where its state is loaded; null: it lies below
    std::uint64_t sstatus; ///< of its last trap: SPP and the state of FS and VS
    std::uint64_t hstatus;
    std::uint64_t set, clear; ///< hvip bits that its hart has yet to set and clear
    bool kicked;
    std::uint64_t id;           ///< its hart id in the guest
    std::uint64_t page_address; ///< in the monitor's space
    Hart* vmid_hart;            ///< which handed it `vmid_ticket`, when the guest's epoch was `vmid_epoch`
    std::uint64_t vmid_ticket, vmid_epoch;
    Hart* file_hart; ///< whose guest interrupt file `file` its external interrupts come from; null: none
    std::uint64_t file;
    Timer timer;
    std::array<std::uint64_t, static_cast<std::size_t>(abi::VcpuRegister::Count)> registers;
    std::uint64_t sstateen;
    alignas(16) std::array<std::uint64_t, 33> floats;        ///< f0 to f31, fcsr
    alignas(16) std::array<std::byte, 32 + 32 * 64> vectors; ///< vstart, vtype, vl, vcsr; v0 to v31

    std::uint64_t& state(abi::VcpuRegister which) { return registers[static_cast<std::size_t>(which)]; }

    /// The largest vlenb with which guests are given V.
    static constexpr std::uint64_t vector_bytes_limit = 64;
};

/// The share of a process whose creator does not say.
inline constexpr std::uint64_t share_usual = 10'000;

/// Pages that a process costs its own quota before it does anything: the handle table and the root of its page table.
inline constexpr std::uint64_t process_pages = 2;

// Objects begin as zeroed pages; these make them what they are.

void set_up(Process& process, Account& payer, std::uint64_t quota, std::uint64_t harts);
void set_up(Thread& thread, Process& process, Hart& hart, std::uint8_t urgency);
void set_up(Vcpu& vcpu, Guest& guest, abi::VcpuPage& page, std::uint64_t page_address);

static_assert(sizeof(Process) <= page_bytes && sizeof(Guest) <= page_bytes && sizeof(Thread) <= page_bytes &&
              sizeof(Vcpu) <= page_bytes);
