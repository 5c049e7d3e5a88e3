// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "abi/layout.h"

namespace abi {

/// The registers that a trap saves and `enter` loads. x[0] stays zero, so that an index is a register number.
struct Registers {
    std::uint64_t x[32];
    std::uint64_t pc;
};
static_assert(offsetof(Registers, x) == REGISTERS_X(0));
static_assert(offsetof(Registers, pc) == REGISTERS_PC);

/// Why the guest stopped. All but Kicked are the exception codes of scause (privileged manual, table scauses).
enum class ExitReason : std::uint64_t {
    InstructionMisaligned = 0,
    InstructionAccessFault = 1,
    IllegalInstruction = 2,
    Breakpoint = 3,
    LoadMisaligned = 4,
    LoadAccessFault = 5,
    StoreMisaligned = 6,
    StoreAccessFault = 7,
    UserCall = 8,        ///< ecall from VU, of a guest without a kernel
    SupervisorCall = 10, ///< ecall from VS: an SBI call that the nucleus did not answer
    InstructionPageFault = 12,
    LoadPageFault = 13,
    StorePageFault = 15,
    InstructionGuestPageFault = 20,
    LoadGuestPageFault = 21,
    VirtualInstruction = 22,
    StoreGuestPageFault = 23,
    Kicked = 64,
};

/// What the hardware said. For ecalls and kicks only `reason` is written.
struct ExitRecord {
    ExitReason reason;
    std::uint64_t trap_value;  ///< stval
    std::uint64_t guest_page;  ///< htval: a guest-physical address shifted right by 2, or 0 (norm:htval_trapval)
    std::uint64_t instruction; ///< htinst: transformed or pseudo-instruction, or 0 (norm:htinst_val)
    std::uint64_t supervisor;  ///< 1: the guest was in VS-mode, 0: in VU-mode
};

/// How often the nucleus answered the guest itself, without an exit. It only counts here and never looks.
struct Answered {
    std::uint64_t timers;    ///< SBI TIME set_timer
    std::uint64_t ipis;      ///< SBI IPI send_ipi
    std::uint64_t fences;    ///< SBI RFENCE, any function
    std::uint64_t waits;     ///< WFI that trapped
    std::uint64_t run_ticks; ///< time on a hart, its monitor's included, in timebase ticks; up to the hart's last
                             ///< look at its lists
};

/// The page that nucleus and monitor share. It holds only what the guest owns anyway.
struct VcpuPage {
    Registers registers;
    ExitRecord exit;
    Answered answered;
};
static_assert(sizeof(VcpuPage) <= 4096);

/// A guest's other registers, for VcpuRead and VcpuWrite. Writes keep only the bits that a guest may choose.
enum class VcpuRegister : std::uint64_t {
    Supervisor, ///< 1: the guest runs in VS-mode, 0: in VU-mode
    Vsstatus,
    Vsie,
    Vstvec,
    Vsscratch,
    Vsepc,
    Vscause,
    Vstval,
    Vsatp,
    Hvip, ///< read: also VSEIP if the vCPU's interrupt file, on the hart that asks, has an interrupt for it
    Scounteren,
    Senvcfg,
    TimeDelta,  ///< htimedelta: what the guest's time is ahead of the host's; the same for all vCPUs of a guest
    Hcounteren, ///< of cycle (1), time (2) and instret (4) those that it reads without an exit
    Henvcfg,    ///< at most what SystemFact::Henvcfg says
    Vstimecmp,  ///< without Sstc: when the guest's timer fires, in the guest's time; ~0: never
    Debug,      ///< 1: the guest's ebreaks are exits; 0: its kernel takes them
    Vsiselect,  ///< with SystemFeature::Aia
    Count,
};

/// From these numbers on VcpuRead and VcpuWrite know, as words of 64 bits, f0 to f31 and fcsr; and vstart, vtype, vl,
/// vcsr and v0 to v31, of vlenb / 8 words each.
inline constexpr std::uint64_t first_float_word = 0x100, float_words = 33;
inline constexpr std::uint64_t first_vector_word = 0x200, vector_csr_words = 4;

/// Virtual interrupts, as bits of hvip (norm:hvip_sz_acc_op).
namespace hvip {
inline constexpr std::uint64_t vssip = 1 << 2, vstip = 1 << 6, vseip = 1 << 10;
inline constexpr std::uint64_t all = vssip | vstip | vseip;
}

/// Where a guest without a kernel goes when it takes one of the exceptions that firmware passes on: no guest-physical
/// address, so that the fetch there is the exit. vsepc, vscause and vstval tell of the exception.
inline constexpr std::uint64_t program_trap_vector = 0xffff'ffff'ffff'f000;

/// What a new guest is.
enum class GuestFlags : std::uint64_t {
    None = 0,
    Program = 1, ///< no kernel: starts in VU-mode; every ecall and every exception but those of program_trap_vector is
                 ///< an exit
    Wide = 2,    ///< Sv48x4 in place of Sv39x4: guest-physical addresses of 50 in place of 41 bits
};

}
