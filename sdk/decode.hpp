// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "base/field.hpp"

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

/// The form in which htinst gives an instruction (norm:htinst_val): not compressed, but with bit 1 clear if it was, and
/// without what gave the address.
struct Transformed : Register<Transformed> {
    static constexpr Bit<0> valid{};
    static constexpr Bit<1> not_compressed{};
    static constexpr Field<6, 0> opcode{};
    static constexpr Field<11, 7, std::uint8_t> rd{};
    static constexpr Field<14, 12> funct3{};
    static constexpr Field<19, 15, std::uint8_t> address_offset{}; // in rs1's place
    static constexpr Field<24, 20, std::uint8_t> rs2{};
    static constexpr Field<63, 32> none{};
    static constexpr std::uint64_t load = 0x03, store = 0x23;

    bool is(std::uint64_t which) const {
        return with(not_compressed, true).get(opcode) == which && get(none) == 0 &&
               (which == load ? get(funct3) != 7 : get(funct3) < 4);
    }
    // Of a load or a store.
    bool stores() const { return get(Bit<5>{}); }
    std::uint8_t width() const { return static_cast<std::uint8_t>(1 << get(Field<13, 12>{})); }
    bool sign_extends() const { return !stores() && get(funct3) < 3; }
    std::uint8_t register_number() const { return stores() ? get(rs2) : get(rd); }
    std::uint8_t length() const { return get(not_compressed) ? 4 : 2; }
};

/// Transforms an instruction as it lies in memory; of a compressed one only the low half counts. 0 for what is not a
/// load or store of an integer register, LR, SC and AMO included (unprivileged manual, chapters RV64I, C and Zcb).
Transformed transform(std::uint32_t instruction);

/// Nothing for 0, for a pseudo-instruction and for what is not a load or store.
inline std::optional<MemoryInstruction> decode(Transformed word) {
    if (!word.is(Transformed::load) && !word.is(Transformed::store))
        return {};
    return MemoryInstruction{word.stores(),          word.width(),  word.sign_extends(),
                             word.register_number(), word.length(), word.get(Transformed::address_offset)};
}

inline std::optional<MemoryInstruction> decode_transformed(std::uint64_t htinst) {
    return decode(Transformed{{htinst}});
}
inline std::optional<MemoryInstruction> decode_instruction(std::uint32_t instruction) {
    return decode(transform(instruction));
}

}
