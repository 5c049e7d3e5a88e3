// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

namespace sdk {

/// An integer load or store, as a device's emulation has to know it.
struct MemoryInstruction {
    bool store;
    std::uint8_t width;           ///< bytes: 1, 2, 4 or 8
    bool sign_extend;             ///< of a load narrower than 8 bytes
    std::uint8_t register_number; ///< rd of a load, rs2 of a store
    std::uint8_t length;          ///< of the instruction: 2 or 4 bytes
    std::uint8_t offset = 0; ///< of what faulted from where the access began, if hardware said so: a misaligned one

    friend bool operator==(const MemoryInstruction&, const MemoryInstruction&) = default;
};

/// Decodes an instruction as it lies in memory; of a compressed one only the low half counts. Nothing for what is not a
/// load or store of an integer register, LR, SC and AMO included (unprivileged manual, chapters RV64I, C and Zcb).
std::optional<MemoryInstruction> decode_instruction(std::uint32_t instruction);

/// Decodes htinst (norm:htinst_val): a transformed instruction, whose bit 1 is clear if it was compressed. Nothing for
/// 0, for a pseudo-instruction and for what is not a load or store.
std::optional<MemoryInstruction> decode_transformed(std::uint64_t htinst);

}
