// SPDX-License-Identifier: Apache-2.0
#include "sdk/decode.hpp"

namespace sdk {

namespace {

struct Compressed : Register<Compressed> {
    static constexpr Field<1, 0> quadrant{}; // 3: not compressed
    static constexpr Field<15, 13> funct3{};
    static constexpr Field<12, 10> zcb{};                  // with funct3 4 in quadrant 0
    static constexpr Bit<6> zcb_half_signed{};             // C.LH, or the reserved kin of C.SH
    static constexpr Field<4, 2, std::uint8_t> short_rd{}; // x8 to x15
    static constexpr Field<6, 2, std::uint8_t> rs2{};      // of C.SWSP and C.SDSP
    static constexpr Field<11, 7, std::uint8_t> rd{};      // of C.LWSP and C.LDSP
};

/// funct3 of loads and stores.
enum : std::uint64_t { Byte, Half, Word, Double, UnsignedByte, UnsignedHalf };

Transformed compressed_load(std::uint64_t funct3, std::uint8_t rd) {
    return Transformed{{Transformed::load}}
        .with(Transformed::not_compressed, false)
        .with(Transformed::funct3, funct3)
        .with(Transformed::rd, rd);
}
Transformed compressed_store(std::uint64_t funct3, std::uint8_t rs2) {
    return Transformed{{Transformed::store}}
        .with(Transformed::not_compressed, false)
        .with(Transformed::funct3, funct3)
        .with(Transformed::rs2, rs2);
}

Transformed transform_zcb(Compressed half, std::uint8_t rd) {
    const bool bit = half.get(Compressed::zcb_half_signed);
    switch (half.get(Compressed::zcb)) {
    case 0: return compressed_load(UnsignedByte, rd);
    case 1: return compressed_load(bit ? Half : UnsignedHalf, rd);
    case 2: return compressed_store(Byte, rd);
    case 3: return bit ? Transformed{} : compressed_store(Half, rd);
    default: return {};
    }
}

Transformed transform_compressed(Compressed half) {
    const auto short_rd = static_cast<std::uint8_t>(8 + half.get(Compressed::short_rd));
    const std::uint8_t rd = half.get(Compressed::rd), rs2 = half.get(Compressed::rs2);
    switch (half.get(Compressed::quadrant) << 3 | half.get(Compressed::funct3)) {
    case 0b00'010: return compressed_load(Word, short_rd);
    case 0b00'011: return compressed_load(Double, short_rd);
    case 0b00'100: return transform_zcb(half, short_rd);
    case 0b00'110: return compressed_store(Word, short_rd);
    case 0b00'111: return compressed_store(Double, short_rd);
    case 0b10'010: return rd == 0 ? Transformed{} : compressed_load(Word, rd); // C.LWSP
    case 0b10'011: return rd == 0 ? Transformed{} : compressed_load(Double, rd);
    case 0b10'110: return compressed_store(Word, rs2); // C.SWSP
    case 0b10'111: return compressed_store(Double, rs2);
    default: return {};
    }
}

}

Transformed transform(std::uint32_t instruction) {
    const Transformed word{{instruction}};
    if (!word.get(Transformed::valid) || !word.get(Transformed::not_compressed))
        return transform_compressed(Compressed{{instruction & 0xffff}});
    const Transformed kept =
        Transformed{{word.get(Transformed::opcode)}}.with(Transformed::funct3, word.get(Transformed::funct3));
    switch (word.get(Transformed::opcode)) {
    case Transformed::load: return kept.with(Transformed::rd, word.get(Transformed::rd));
    case Transformed::store: return kept.with(Transformed::rs2, word.get(Transformed::rs2));
    default: return {};
    }
}

}
