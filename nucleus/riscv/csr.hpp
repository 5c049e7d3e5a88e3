// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/field.hpp"

struct Sstatus : Register<Sstatus> {
    static constexpr Bit<5> spie{};
    static constexpr Bit<8> spp{};
    static constexpr Field<10, 9> vs{};
    static constexpr Field<14, 13> fs{};
    static constexpr Field<33, 32> uxl{};
    static constexpr std::uint64_t clean = 2, dirty = 3; // of fs and vs
};

struct Hstatus : Register<Hstatus> {
    static constexpr Bit<6> gva{};
    static constexpr Bit<7> spv{};
    static constexpr Bit<9> hu{};
    static constexpr Field<17, 12> vgein{};
    static constexpr Bit<21> vtw{};
    static constexpr Field<33, 32> vsxl{};
};
static_assert(Hstatus{}.with(Hstatus::spv, true).with(Hstatus::vsxl, std::uint64_t{2}).raw == 0x2'0000'0080);

/// satp and hgatp: MODE, VMID (of hgatp) and the root's page number.
struct Atp : Register<Atp> {
    static constexpr Field<43, 0> ppn{};
    static constexpr Field<57, 44> vmid{};
    static constexpr Field<63, 60> mode{};
    static constexpr std::uint64_t sv39 = 8, sv48 = 9;
};

/// A control and status register. `Value` is the type of what it holds.
template <unsigned Number, class Value = std::uint64_t>
struct Csr {
    Value read() const {
        std::uint64_t raw;
        asm volatile("csrr %0, %1" : "=r"(raw) : "i"(Number) : "memory");
        return from(raw);
    }
    void write(Value value) const { asm volatile("csrw %0, %1" ::"i"(Number), "rK"(raw_of(value)) : "memory"); }
    /// Clears bits and tells what was there before.
    Value take(std::uint64_t bits) const {
        std::uint64_t raw;
        asm volatile("csrrc %0, %1, %2" : "=r"(raw) : "i"(Number), "rK"(bits) : "memory");
        return from(raw);
    }
    void set(std::uint64_t bits) const { asm volatile("csrs %0, %1" ::"i"(Number), "rK"(bits) : "memory"); }
    void clear(std::uint64_t bits) const { asm volatile("csrc %0, %1" ::"i"(Number), "rK"(bits) : "memory"); }

    /// Whether the hart has this register: reading one that it lacks traps, here to the next instruction.
    bool exists() const {
        std::uint64_t found, saved;
        asm volatile(
            "la %1, 1f\n csrrw %1, stvec, %1\n li %0, 0\n csrr zero, %2\n li %0, 1\n .balign 4\n 1: csrw stvec, %1"
            : "=&r"(found), "=&r"(saved)
            : "i"(Number)
            : "memory");
        return found != 0;
    }

  private:
    static Value from(std::uint64_t raw) {
        Value value{};
        if constexpr (requires { value.raw; })
            value.raw = raw;
        else
            value = raw;
        return value;
    }
    static std::uint64_t raw_of(Value value) {
        if constexpr (requires { value.raw; })
            return value.raw;
        else
            return value;
    }
};

namespace csr {
inline constexpr Csr<0x100, Sstatus> sstatus;
inline constexpr Csr<0x104> sie;
inline constexpr Csr<0x105> stvec;
inline constexpr Csr<0x106> scounteren;
inline constexpr Csr<0x10a> senvcfg;
inline constexpr Csr<0x10c> sstateen0;
inline constexpr Csr<0x140> sscratch;
inline constexpr Csr<0x141> sepc;
inline constexpr Csr<0x142> scause;
inline constexpr Csr<0x143> stval;
inline constexpr Csr<0x144> sip;
inline constexpr Csr<0x14d> stimecmp;
inline constexpr Csr<0x150> siselect;
inline constexpr Csr<0x151> sireg;
inline constexpr Csr<0x15c> stopei;
inline constexpr Csr<0x180, Atp> satp;
inline constexpr Csr<0x200> vsstatus;
inline constexpr Csr<0x204> vsie;
inline constexpr Csr<0x205> vstvec;
inline constexpr Csr<0x240> vsscratch;
inline constexpr Csr<0x241> vsepc;
inline constexpr Csr<0x242> vscause;
inline constexpr Csr<0x243> vstval;
inline constexpr Csr<0x24d> vstimecmp;
inline constexpr Csr<0x250> vsiselect;
inline constexpr Csr<0x251> vsireg;
inline constexpr Csr<0x280> vsatp;
inline constexpr Csr<0x600, Hstatus> hstatus;
inline constexpr Csr<0x602> hedeleg;
inline constexpr Csr<0x603> hideleg;
inline constexpr Csr<0x604> hie;
inline constexpr Csr<0x605> htimedelta;
inline constexpr Csr<0x606> hcounteren;
inline constexpr Csr<0x607> hgeie;
inline constexpr Csr<0x609> hvictl;
inline constexpr Csr<0x60a> henvcfg;
inline constexpr Csr<0x60c> hstateen0;
inline constexpr Csr<0x643> htval;
inline constexpr Csr<0x644> hip;
inline constexpr Csr<0x645> hvip;
inline constexpr Csr<0x64a> htinst;
inline constexpr Csr<0x680, Atp> hgatp;
inline constexpr Csr<0xc00> cycle;
inline constexpr Csr<0xc01> time;
inline constexpr Csr<0xc02> instret;
inline constexpr Csr<0xc22> vlenb;
inline constexpr Csr<0xe12> hgeip;
}

/// sstatus while a program runs: U-mode, its interrupts on, no F, D or V.
inline constexpr Sstatus program_status = Sstatus{}.with(Sstatus::spie, true).with(Sstatus::uxl, std::uint64_t{2});

/// Bits of sip and sie; sgeie is one of hie.
namespace interrupt_bit {
inline constexpr std::uint64_t ssip = 1 << 1, stip = 1 << 5, seip = 1 << 9, sgeie = 1 << 12;
}
