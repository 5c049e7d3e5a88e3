// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

namespace machine {

/// An access to a CSR (unprivileged manual, "Zicsr").
struct CsrInstruction {
    std::uint32_t csr, destination, source, function; ///< source: a register, or itself the operand

    static constexpr std::optional<CsrInstruction> decode(std::uint32_t instruction) {
        constexpr std::uint32_t system = 0x73, opcode_mask = 0x7f;
        const CsrInstruction decoded{instruction >> 20, instruction >> 7 & 31, instruction >> 15 & 31,
                                     instruction >> 12 & 7};
        if ((instruction & opcode_mask) != system || (decoded.function & 3) == 0)
            return {};
        return decoded;
    }

    /// Set and clear with x0 or 0 as their operand write nothing.
    constexpr bool writes() const { return (function & 3) == 1 || source != 0; }
    constexpr bool immediate() const { return (function & 4) != 0; }
    /// What is written where `old` was, with `operand`, the source's value.
    constexpr std::uint64_t written(std::uint64_t old, std::uint64_t operand) const {
        switch (function & 3) {
        case 1: return operand;
        case 2: return old | operand;
        default: return old & ~operand;
        }
    }
};

static_assert(CsrInstruction::decode(0x15c0'1573)->csr == 0x15c);       // csrrw a0, stopei, zero
static_assert(CsrInstruction::decode(0x15c0'1573)->destination == 10);  //
static_assert(CsrInstruction::decode(0x15c0'1573)->writes());           //
static_assert(!CsrInstruction::decode(0x1510'25f3)->writes());          // csrr a1, sireg
static_assert(CsrInstruction::decode(0x1510'f073)->written(7, 1) == 6); // csrci sireg, 1
static_assert(!CsrInstruction::decode(0x1050'0073));                    // wfi

}
