// SPDX-License-Identifier: Apache-2.0
#include "monitors/gdb/breakpoints.hpp"

#include <gtest/gtest.h>

#include "monitors/gdb/fake_target.hpp"

namespace {

using gdb::test::FakeTarget;

constexpr std::uint64_t code = 0x8000'0100;
constexpr std::uint32_t instruction = 0x1234'5678;
constexpr std::uint16_t ebreak = 0x9002;

struct Breakpoints : testing::Test {
    FakeTarget target;
    gdb::Breakpoints breakpoints{target};
    Breakpoints() { target.put(code, instruction); }
    std::uint32_t seen(std::uint64_t address) {
        std::uint32_t value = 0;
        EXPECT_TRUE(breakpoints.read({address}, std::as_writable_bytes(std::span{&value, 1})));
        return value;
    }
};

TEST_F(Breakpoints, one_lies_in_memory_and_is_not_seen) {
    ASSERT_TRUE(breakpoints.insert({0x100}, {code}));
    EXPECT_EQ(target.get<std::uint16_t>(code), ebreak);
    EXPECT_EQ(target.fences, 1);
    EXPECT_EQ(seen(code), instruction);
    EXPECT_EQ(seen(code - 2) >> 16, instruction & 0xffff) << "half of it at the end";
    EXPECT_EQ(seen(code + 1) & 0xff, 0x56u) << "half of it at the start";
    breakpoints.remove({0x100});
    EXPECT_EQ(target.get<std::uint32_t>(code), instruction);
    EXPECT_FALSE(breakpoints.any());
}

TEST_F(Breakpoints, what_is_written_over_one_appears_when_it_goes) {
    ASSERT_TRUE(breakpoints.insert({0x100}, {code}));
    const std::uint32_t other = 0xaabb'ccdd;
    ASSERT_TRUE(breakpoints.write({code}, std::as_bytes(std::span{&other, 1})));
    EXPECT_EQ(target.get<std::uint32_t>(code), 0xaabb'9002);
    EXPECT_EQ(seen(code), other);
    breakpoints.remove_all();
    EXPECT_EQ(target.get<std::uint32_t>(code), other);
}

TEST_F(Breakpoints, two_addresses_of_one_place_share_it) {
    ASSERT_TRUE(breakpoints.insert({0x100}, {code}));
    ASSERT_TRUE(breakpoints.insert({0x9100}, {code}));
    breakpoints.remove({0x100});
    EXPECT_EQ(target.get<std::uint16_t>(code), ebreak);
    breakpoints.remove({0x9100});
    EXPECT_EQ(target.get<std::uint32_t>(code), instruction);
}

TEST_F(Breakpoints, a_temporary_one_goes_without_the_other_at_its_place) {
    ASSERT_TRUE(breakpoints.insert({0x100}, {code}));
    ASSERT_TRUE(breakpoints.insert({0x100}, {code}, true));
    breakpoints.remove_temporary();
    EXPECT_TRUE(breakpoints.at({code}));
    EXPECT_EQ(target.get<std::uint16_t>(code), ebreak);
    ASSERT_TRUE(breakpoints.insert({0x100}, {code}, true));
    breakpoints.remove({0x100});
    EXPECT_TRUE(breakpoints.at({code}));
    breakpoints.remove_temporary();
    EXPECT_EQ(target.get<std::uint32_t>(code), instruction);
}

TEST_F(Breakpoints, inserting_and_removing_twice_is_as_once) {
    ASSERT_TRUE(breakpoints.insert({0x100}, {code}));
    ASSERT_TRUE(breakpoints.insert({0x100}, {code}));
    breakpoints.remove({0x100});
    breakpoints.remove({0x100});
    EXPECT_EQ(target.get<std::uint32_t>(code), instruction);
}

TEST_F(Breakpoints, memory_that_the_guest_has_written_since_is_left_alone) {
    ASSERT_TRUE(breakpoints.insert({0x100}, {code}));
    target.put(code, std::uint32_t{0x5555'5555});
    EXPECT_EQ(seen(code), 0x5555'5555u);
    breakpoints.remove_all();
    EXPECT_EQ(target.get<std::uint32_t>(code), 0x5555'5555u);
}

TEST_F(Breakpoints, there_is_none_outside_of_ram_at_odd_addresses_or_beyond_the_limit) {
    EXPECT_FALSE(breakpoints.insert({0x100}, {0x1000}));
    EXPECT_FALSE(breakpoints.insert({0x100}, {code + 1}));
    unsigned count = 0;
    while (count < 1000 && breakpoints.insert({0x100 + 2 * count}, {code + 2 * count}))
        ++count;
    EXPECT_EQ(count, 128u);
}

}
