// SPDX-License-Identifier: Apache-2.0
#include "sdk/decode.hpp"

#include "base/field.hpp"

namespace sdk {

namespace {

struct Instruction : Register<Instruction> {
    static constexpr Field<1, 0> quadrant{}; // 3: not compressed
    static constexpr Field<6, 0> opcode{};
    static constexpr Field<11, 7, std::uint8_t> rd{};
    static constexpr Field<14, 12> funct3{};
    static constexpr Field<19, 15> address_offset{}; // of a transformed instruction, in rs1's place
    static constexpr Field<24, 20, std::uint8_t> rs2{};
    static constexpr std::uint64_t load = 0x03, store = 0x23;
};

struct Compressed : Register<Compressed> {
    static constexpr Field<15, 13> funct3{};
    static constexpr Field<12, 10> zcb{};                  // with funct3 4 in quadrant 0
    static constexpr Bit<6> zcb_half_signed{};             // C.LH, or the reserved kin of C.SH
    static constexpr Field<4, 2, std::uint8_t> short_rd{}; // x8 to x15
    static constexpr Field<6, 2, std::uint8_t> rs2{};      // of C.SWSP and C.SDSP
    static constexpr Field<11, 7, std::uint8_t> rd{};      // of C.LWSP and C.LDSP
};

constexpr std::uint8_t full_length = 4, compressed_length = 2;

std::optional<MemoryInstruction> decode_full(Instruction word) {
    const std::uint64_t funct3 = word.get(Instruction::funct3);
    const auto width = static_cast<std::uint8_t>(1 << (funct3 & 3));
    const bool is_unsigned = (funct3 & 4) != 0;
    if (word.get(Instruction::opcode) == Instruction::load && funct3 != 7)
        return MemoryInstruction{false, width, !is_unsigned && width < 8, word.get(Instruction::rd), full_length};
    if (word.get(Instruction::opcode) == Instruction::store && !is_unsigned)
        return MemoryInstruction{true, width, false, word.get(Instruction::rs2), full_length};
    return {};
}

std::optional<MemoryInstruction> decode_zcb(Compressed half, std::uint8_t rd) {
    const bool bit = half.get(Compressed::zcb_half_signed);
    switch (half.get(Compressed::zcb)) {
    case 0: return MemoryInstruction{false, 1, false, rd, compressed_length}; // C.LBU
    case 1: return MemoryInstruction{false, 2, bit, rd, compressed_length};   // C.LHU, C.LH
    case 2: return MemoryInstruction{true, 1, false, rd, compressed_length};  // C.SB
    case 3:
        if (!bit)
            return MemoryInstruction{true, 2, false, rd, compressed_length}; // C.SH
        return {};
    default: return {};
    }
}

std::optional<MemoryInstruction> decode_compressed(Compressed half, std::uint64_t quadrant) {
    const auto short_rd = static_cast<std::uint8_t>(8 + half.get(Compressed::short_rd));
    const std::uint8_t rd = half.get(Compressed::rd), rs2 = half.get(Compressed::rs2);
    switch (quadrant << 3 | half.get(Compressed::funct3)) {
    case 0b00'010: return MemoryInstruction{false, 4, true, short_rd, compressed_length};  // C.LW
    case 0b00'011: return MemoryInstruction{false, 8, false, short_rd, compressed_length}; // C.LD
    case 0b00'100: return decode_zcb(half, short_rd);
    case 0b00'110: return MemoryInstruction{true, 4, false, short_rd, compressed_length}; // C.SW
    case 0b00'111: return MemoryInstruction{true, 8, false, short_rd, compressed_length}; // C.SD
    case 0b10'010:                                                                        // C.LWSP
    case 0b10'011:                                                                        // C.LDSP
        if (rd == 0)
            return {};
        return half.get(Compressed::funct3) == 2 ? MemoryInstruction{false, 4, true, rd, compressed_length}
                                                 : MemoryInstruction{false, 8, false, rd, compressed_length};
    case 0b10'110: return MemoryInstruction{true, 4, false, rs2, compressed_length}; // C.SWSP
    case 0b10'111: return MemoryInstruction{true, 8, false, rs2, compressed_length}; // C.SDSP
    default: return {};
    }
}

}

std::optional<MemoryInstruction> decode_instruction(std::uint32_t instruction) {
    const Instruction word{{instruction}};
    const std::uint64_t quadrant = word.get(Instruction::quadrant);
    if (quadrant == 3)
        return decode_full(word);
    return decode_compressed(Compressed{{instruction & 0xffff}}, quadrant);
}

std::optional<MemoryInstruction> decode_transformed(std::uint64_t htinst) {
    constexpr std::uint64_t transformed = 1, not_compressed = 2;
    if ((htinst & transformed) == 0 || htinst >> 32 != 0)
        return {};
    const Instruction word{{htinst | not_compressed}};
    auto decoded = decode_full(word);
    if (decoded)
        decoded->offset = static_cast<std::uint8_t>(word.get(Instruction::address_offset));
    if (decoded && (htinst & not_compressed) == 0)
        decoded->length = compressed_length;
    return decoded;
}

}
