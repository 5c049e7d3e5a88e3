// SPDX-License-Identifier: Apache-2.0
#include "sdk/decode.hpp"

#include <gtest/gtest.h>

#include "tests/decode/reference.hpp"

namespace {

using sdk::decode_instruction;
using sdk::decode_transformed;
using sdk::MemoryInstruction;

constexpr std::uint32_t load = 0x03, store = 0x23;

TEST(Decode, EveryFullLoadWithEveryRegister) {
    constexpr MemoryInstruction kinds[]{{false, 1, true, 0, 4},  {false, 2, true, 0, 4},  {false, 4, true, 0, 4},
                                        {false, 8, false, 0, 4}, {false, 1, false, 0, 4}, {false, 2, false, 0, 4},
                                        {false, 4, false, 0, 4}};
    for (std::uint32_t funct3 = 0; funct3 < 7; ++funct3)
        for (std::uint32_t rd = 0; rd < 32; ++rd)
            for (const std::uint32_t rest : {0u, 0xffff'8000u}) { // rs1 and the offset do not matter
                MemoryInstruction expected = kinds[funct3];
                expected.register_number = static_cast<std::uint8_t>(rd);
                EXPECT_EQ(decode_instruction(rest | funct3 << 12 | rd << 7 | load), expected);
            }
    EXPECT_FALSE(decode_instruction(7 << 12 | load));
}

TEST(Decode, EveryFullStoreWithEveryRegister) {
    for (std::uint32_t funct3 = 0; funct3 < 4; ++funct3)
        for (std::uint32_t rs2 = 0; rs2 < 32; ++rs2)
            EXPECT_EQ(decode_instruction(0xfe0f'8f80 | rs2 << 20 | funct3 << 12 | store),
                      (MemoryInstruction{true, static_cast<std::uint8_t>(1 << funct3), false,
                                         static_cast<std::uint8_t>(rs2), 4}));
    for (std::uint32_t funct3 = 4; funct3 < 8; ++funct3)
        EXPECT_FALSE(decode_instruction(funct3 << 12 | store));
}

TEST(Decode, NothingElseOfTheFullInstructionsIsOne) {
    for (std::uint32_t opcode = 3; opcode < 128; opcode += 4) // AMO, LR, SC, floating point, vector
        if (opcode != load && opcode != store)
            for (std::uint32_t funct3 = 0; funct3 < 8; ++funct3)
                EXPECT_FALSE(decode_instruction(0x1000'0000 | funct3 << 12 | opcode)) << opcode;
}

TEST(Decode, EveryCompressedInstructionAsTheReferenceSays) {
    int found = 0;
    for (std::uint32_t half = 0; half < 0x10000; ++half) {
        if ((half & 3) == 3)
            continue;
        const auto expected = decode_reference::compressed(static_cast<std::uint16_t>(half));
        ASSERT_EQ(decode_instruction(half), expected) << std::hex << half;
        ASSERT_EQ(decode_instruction(0xdead'0000 | half), expected); // the high half is another instruction's
        found += expected.has_value();
    }
    EXPECT_GT(found, 10'000);
}

TEST(Decode, TransformedInstructionsTellTheirLength) {
    // norm:htinst_val: bit 0 is 1; bit 1 is 0 for a compressed instruction; rs1 holds an offset.
    EXPECT_EQ(decode_transformed(0x3 | 2 << 12 | 5 << 7), (MemoryInstruction{false, 4, true, 5, 4}));
    EXPECT_EQ(decode_transformed(0x1 | 2 << 12 | 5 << 7), (MemoryInstruction{false, 4, true, 5, 2}));
    EXPECT_EQ(decode_transformed(0x23 | 3 << 12 | 9 << 20), (MemoryInstruction{true, 8, false, 9, 4}));
    EXPECT_EQ(decode_transformed(0x3 | 3 << 12 | 4 << 15 | 5 << 7), (MemoryInstruction{false, 8, false, 5, 4, 4}));
    for (const std::uint64_t none :
         {0x0ull, 0x3000ull, 0x3020ull, 0x2000ull, 0x1'0000'2003ull, 0xffff'ffff'ffff'ffffull})
        EXPECT_FALSE(decode_transformed(none));
}

}
