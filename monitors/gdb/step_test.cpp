// SPDX-License-Identifier: Apache-2.0
#include "monitors/gdb/step.hpp"

#include <map>
#include <vector>

#include <gtest/gtest.h>

#include "monitors/gdb/registers.hpp"

namespace {

using Addresses = std::vector<std::uint64_t>;
constexpr std::uint64_t pc = 0x1000;

struct Step : testing::Test {
    std::map<std::uint64_t, std::uint16_t> code;
    std::map<unsigned, std::uint64_t> registers;
    std::uint64_t end = pc;

    void add(std::uint64_t instruction) {
        for (const unsigned halves = (instruction & 3) == 3 ? 2 : 1; const unsigned each : {0u, 1u})
            if (each < halves) {
                code[end] = static_cast<std::uint16_t>(instruction >> 16 * each);
                end += 2;
            }
    }
    std::optional<gdb::Step> step() {
        return gdb::step(pc, {[&](std::uint64_t address) -> std::optional<std::uint16_t> {
                                  const auto found = code.find(address);
                                  return found == code.end() ? std::nullopt : std::optional{found->second};
                              },
                              [&](unsigned which) { return std::optional{registers[which]}; }});
    }
    Addresses next() {
        const auto found = step();
        return found ? Addresses{found->next().begin(), found->next().end()} : Addresses{};
    }
    Addresses next_of(std::uint64_t instruction) {
        code.clear();
        end = pc;
        add(instruction);
        return next();
    }
};

TEST_F(Step, plain_instructions_lead_behind_themselves) {
    EXPECT_EQ(next_of(0x00000013), Addresses{pc + 4}) << "nop";
    EXPECT_EQ(next_of(0x0001), Addresses{pc + 2}) << "c.nop";
    EXPECT_EQ(next_of(0x00000073), Addresses{pc + 4}) << "ecall";
    EXPECT_EQ(next_of(0x9002), Addresses{pc + 2}) << "c.ebreak, whose fields are nearly c.jalr's";
}

TEST_F(Step, jumps_lead_to_their_targets) {
    EXPECT_EQ(next_of(0xffdff06f), Addresses{pc - 4}) << "j -4";
    EXPECT_EQ(next_of(0x7fe000ef), Addresses{pc + 0x7fe}) << "jal 0x7fe";
    EXPECT_EQ(next_of(0x8010006f), Addresses{pc - 0x100000 + 0x800}) << "j with its highest bits";
    EXPECT_EQ(next_of(0xbffd), Addresses{pc - 2}) << "c.j -2";
    EXPECT_EQ(next_of(0xa85d), Addresses{pc + 0xb6}) << "c.j 0xb6";
}

TEST_F(Step, indirect_jumps_lead_where_their_register_says) {
    registers[10] = 0x2001;
    EXPECT_EQ(next_of(0xffc500e7), Addresses{0x1ffc}) << "jalr -4(a0)";
    EXPECT_EQ(next_of(0x8502), Addresses{0x2000}) << "c.jr a0";
    EXPECT_EQ(next_of(0x9502), Addresses{0x2000}) << "c.jalr a0";
    EXPECT_EQ(next_of(0x852e), Addresses{pc + 2}) << "c.mv a0, a1";
    EXPECT_EQ(next_of(0x952e), Addresses{pc + 2}) << "c.add a0, a1";
}

TEST_F(Step, branches_are_decided) {
    registers[10] = ~std::uint64_t{0};
    registers[11] = 1;
    const Addresses away{pc + 16}, on{pc + 4};
    EXPECT_EQ(next_of(0x00b50863), on) << "beq a0, a1, 16";
    EXPECT_EQ(next_of(0x00b51863), away) << "bne";
    EXPECT_EQ(next_of(0x00b54863), away) << "blt: -1 < 1";
    EXPECT_EQ(next_of(0x00b55863), on) << "bge";
    EXPECT_EQ(next_of(0x00b56863), on) << "bltu";
    EXPECT_EQ(next_of(0x00b57863), away) << "bgeu";
    EXPECT_EQ(next_of(0xfeb51ee3), Addresses{pc - 4}) << "bne a0, a1, -4";
    EXPECT_EQ(next_of(0xc901), Addresses{pc + 2}) << "c.beqz a0, 16";
    EXPECT_EQ(next_of(0xe901), Addresses{pc + 16}) << "c.bnez a0, 16";
    registers[10] = 0;
    EXPECT_EQ(next_of(0xc901), Addresses{pc + 16});
    EXPECT_EQ(next_of(0xe901), Addresses{pc + 2});
}

TEST_F(Step, sret_leads_to_sepc) {
    registers[gdb::number::sepc] = 0x4444;
    EXPECT_EQ(next_of(0x10200073), Addresses{0x4444});
}

TEST_F(Step, wfi_and_accesses_to_sie_are_told) {
    EXPECT_FALSE(next_of(0x10500073).empty());
    EXPECT_TRUE(step()->waits);
    EXPECT_FALSE(next_of(0x10416073).empty()) << "csrsi sie, 2";
    EXPECT_TRUE(step()->interrupt_enable);
    EXPECT_FALSE(next_of(0x10016073).empty()) << "csrsi sstatus, 2";
    EXPECT_FALSE(step()->interrupt_enable);
    EXPECT_FALSE(step()->waits);
}

TEST_F(Step, a_sequence_from_lr_to_sc_is_one_step) {
    add(0x100522af); // 1000: lr.w t0, (a0)
    add(0x00b29663); // 1004: bne t0, a1, 1010
    add(0x18c5232f); // 1008: sc.w t1, a2, (a0)
    add(0xfe031ae3); // 100c: bnez t1, 1000
    EXPECT_EQ(next(), (Addresses{pc + 12, pc + 16}));
}

TEST_F(Step, a_branch_back_to_the_lr_within_the_sequence_leads_nowhere_else) {
    add(0x100522af); // 1000: lr.w t0, (a0)
    add(0xfeb29ee3); // 1004: bne t0, a1, 1000
    add(0x18c5232f); // 1008: sc.w t1, a2, (a0)
    EXPECT_EQ(next(), Addresses{pc + 12});
}

TEST_F(Step, an_lr_without_its_sc_is_a_plain_instruction) {
    add(0x100522af);
    for (int i = 0; i < 20; ++i)
        add(0x0001);
    EXPECT_EQ(next(), Addresses{pc + 4});
    code.clear();
    end = pc;
    add(0x100522af);
    add(0x00008067); // ret
    add(0x18c5232f);
    EXPECT_EQ(next(), Addresses{pc + 4});
}

TEST_F(Step, code_that_cannot_be_read_leads_nowhere) {
    EXPECT_TRUE(next().empty());
    code[pc] = 0x0013; // the first half of four bytes
    EXPECT_TRUE(next().empty());
}

}
