// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace abi {

/// System calls: `ecall` from U-mode with the number in a7 and arguments in a0 to a5. The nucleus answers with an
/// `Error` in a0 and a value in a1, and keeps all other registers; VcpuResume and VcpuWait keep sp and tp alone. No
/// call takes a pointer: the nucleus never reads or writes a program's memory. docs/abi.md says what each does; the
/// comments here name arguments and the value.
enum class Call : std::uint64_t {
    VcpuResume,    ///< (vcpu): runs the guest until its next exit, which is then in the vCPU page
    HandleClose,   ///< (handle): forgets it; the object stays
    HandleGrant,   ///< (process, handle, rights) -> slot in that process; to oneself: a weaker duplicate
    RangeSplit,    ///< (memory or interrupt, first, count) -> handle of that part; in pages or lines
    RangeInfo,     ///< (memory or interrupt, 0: first, 1: count, 2: kind) -> number
    ProcessCreate, ///< (quota pages, event, bits, set of harts, share of the time on harts, to 1000000; 0: 10000) ->
                   ///< process, nested at most 8 deep; the bits are raised when it ends
    ProcessReport, ///< (process, index of `ReportWord`) -> word
    ProcessExit,   ///< (status): ends the calling process
    ThreadCreate,  ///< (process, pc, sp, argument for a0, hart, priority) -> thread; hart ~0: the caller's
    ThreadExit,    ///< (): ends the calling thread
    ThreadMove,    ///< (thread, hart, priority)
    GuestCreate,   ///< (GuestFlags) -> guest
    Map,           ///< (process or guest, memory, first page in it, address, pages, rights) -> pages done
    Protect,       ///< (process or guest, address, pages, rights) -> pages done; no rights: unmap
    Destroy,       ///< (process, guest, thread or event): ends it and gives back all it holds
    VcpuCreate,    ///< (guest, address in the caller's space for the vCPU page) -> vcpu
    VcpuInterrupt, ///< (vcpu, hvip bits to set, hvip bits to clear)
    VcpuKick,      ///< (vcpu): makes its present or next resume return with ExitReason::Kicked
    VcpuRead,      ///< (vcpu, VcpuRegister, or the number of a word of F or V) -> value
    VcpuWrite,     ///< (vcpu, VcpuRegister, or the number of a word of F or V, value)
    EventCreate,   ///< () -> event
    EventSignal,   ///< (event, bits)
    EventWait,     ///< (event, bits, deadline in timebase ticks, ~0: none) -> those of the bits that are set; they are
                   ///< cleared
    InterruptBind, ///< (interrupt, index of the line, event, bits)
    InterruptAcknowledge, ///< (interrupt, index of the line): the line may interrupt again
    Time,                 ///< () -> now, in timebase ticks
    Log,                  ///< (system, bytes up to log_bytes), text in x18 to x31
    Reset,                ///< (system, 0: power off, 1: reboot, 2: power off with failure)
    SystemInfo,           ///< (SystemFact) -> value
    VcpuWait,    ///< (vcpu): as VcpuResume, but the guest goes on only when an interrupt that it has enabled is pending
    VcpuUseFile, ///< (vcpu, memory): external interrupts come from the guest interrupt file of the caller's hart that
                 ///< is the memory's first page, while the vCPU runs there; the file is emptied
    Count,
};

/// Text that one Log call carries: registers x18 to x31.
inline constexpr std::uint64_t log_bytes = 14 * 8;

/// What ProcessReport tells of a process. Words from Registers on are x[0] to x[31] of the thread that ended it.
enum class ReportWord : std::uint64_t {
    State,     ///< a ProcessState
    Cause,     ///< Faulted: scause; Exited: the status
    TrapValue, ///< Faulted: stval
    Pc,        ///< Faulted: sepc
    PagesLeft, ///< what is left of its quota
    Registers,
    Count = Registers + 32,
};

enum class ProcessState : std::uint64_t { Alive, Exited, Faulted };

/// Facts about the machine that any program may know.
enum class SystemFact : std::uint64_t {
    Harts,             ///< how many harts run, numbered from 0
    TimebaseHertz,     ///< ticks of `Time` in a second
    Features,          ///< a set of SystemFeature bits
    PoolPages,         ///< pages of the nucleus's pool
    CurrentHart,       ///< the number of the caller's hart
    Henvcfg,           ///< the henvcfg bits that this machine gives guests (norm:henvcfg_sz_acc_op)
    VectorBytes,       ///< vlenb; 0: guests have no V
    DeviceTreeOffset,  ///< bytes from the start of the manager's handle `device_tree` to the blob
    Cycle,             ///< the cycle counter of the caller's hart
    Instret,           ///< its counter of instructions retired
    MessageIdentities, ///< how many messages an interrupt file of a hart tells apart; 0: there are none
    Count,
};

/// What the host's harts can do, as bits.
enum class SystemFeature : std::uint64_t {
    Sstc = 1,   ///< guests have a timer of their own (stimecmp)
    Sv48x4 = 2, ///< guests can be Wide
    Smstateen = 4,
    Svade = 8,   ///< henvcfg has no ADUE: hardware does not set a guest's A and D bits for it, as far as can be known
    Vector = 16, ///< guests have V
    Lines = 32,  ///< host interrupts can be bound
    Aia = 64,    ///< harts have the AIA's registers (Ssaia)
    Messages = 128, ///< host interrupts come by way of an APLIC, as messages
};

}
