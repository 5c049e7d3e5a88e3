// SPDX-License-Identifier: Apache-2.0
#include "monitors/gdb/pages.hpp"

#include <gtest/gtest.h>

#include "monitors/gdb/fake_target.hpp"

namespace {

using gdb::test::FakeTarget;

constexpr std::uint64_t root = 0x8000'1000, middle = 0x8000'2000, lowest = 0x8000'3000, highest = 0x8000'4000;
constexpr std::uint64_t valid = 1, readable = 2, napot = std::uint64_t{1} << 63;

std::uint64_t satp(std::uint64_t mode, std::uint64_t table) {
    return mode << 60 | table >> 12;
}
std::uint64_t entry(std::uint64_t address, std::uint64_t flags) {
    return address >> 12 << 10 | flags;
}

struct Pages : testing::Test {
    FakeTarget target;
    void put(std::uint64_t table, std::uint64_t index, std::uint64_t value) { target.put(table + 8 * index, value); }
    std::optional<std::uint64_t> look(std::uint64_t mode, std::uint64_t address) {
        const auto place = gdb::translate(target, satp(mode, root), {address});
        return place ? std::optional{place->value} : std::nullopt;
    }
};

TEST_F(Pages, without_translation_addresses_are_physical) {
    EXPECT_EQ(look(0, 0x1234), 0x1234);
}

TEST_F(Pages, sv39_leads_through_three_tables) {
    put(root, 1, entry(middle, valid));
    put(middle, 2, entry(lowest, valid));
    put(lowest, 3, entry(0x8000'5000, valid | readable));
    EXPECT_EQ(look(8, 1 << 30 | 2 << 21 | 3 << 12 | 0x678), 0x8000'5678);
    EXPECT_FALSE(look(8, 1 << 30 | 2 << 21 | 4 << 12)) << "that entry is not valid";
}

TEST_F(Pages, sv48_and_sv57_have_more_of_them) {
    put(root, 511, entry(highest, valid));
    put(highest, 0, entry(middle, valid));
    put(middle, 0, entry(lowest, valid));
    put(lowest, 1, entry(0x8000'6000, valid | readable));
    EXPECT_EQ(look(9, ~std::uint64_t{0} << 39 | 0x1abc), 0x8000'6abc);
    put(lowest, 0, entry(0x8000'7000, valid));
    put(0x8000'7000, 5, entry(0x8000'8000, valid | readable));
    EXPECT_EQ(look(10, ~std::uint64_t{0} << 48 | 0x5abc), 0x8000'8abc);
}

TEST_F(Pages, large_pages_end_the_walk_early_and_must_be_aligned) {
    put(root, 2, entry(0x8000'0000, valid | readable));
    EXPECT_EQ(look(8, 0x8000'0000 | 0x12'3456), 0x8012'3456);
    put(root, 2, entry(0x8020'0000, valid | readable));
    EXPECT_FALSE(look(8, 0x8000'0000));
}

TEST_F(Pages, a_napot_entry_is_for_sixteen_pages) {
    put(root, 0, entry(middle, valid));
    put(middle, 0, entry(lowest, valid));
    put(lowest, 5, entry(0x8001'8000, napot | valid | readable));
    EXPECT_EQ(look(8, 0x5123), 0x8001'5123);
    put(lowest, 5, entry(0x8001'1000, napot | valid | readable));
    EXPECT_FALSE(look(8, 0x5123)) << "no such size";
}

TEST_F(Pages, addresses_that_are_not_canonical_lead_nowhere) {
    put(root, 0, entry(0x8000'0000, valid | readable));
    EXPECT_FALSE(look(8, std::uint64_t{1} << 39));
}

TEST_F(Pages, a_mode_that_does_not_exist_leads_nowhere) {
    EXPECT_FALSE(look(11, 0));
    EXPECT_FALSE(look(1, 0));
}

TEST_F(Pages, tables_outside_of_ram_and_tables_that_lead_to_themselves_end_the_walk) {
    put(root, 0, entry(0x4000'0000, valid));
    EXPECT_FALSE(look(8, 0));
    put(root, 0, entry(root, valid));
    EXPECT_FALSE(look(8, 0)) << "no leaf in as many steps as there are levels";
}

}
