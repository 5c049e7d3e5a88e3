// SPDX-License-Identifier: Apache-2.0
#include "devices/plic.hpp"

#include <cstring>
#include <vector>

#include <gtest/gtest.h>

namespace {

using devices::Plic;

/// A PLIC, and the registers of its contexts by name. Context 1 is hart 0's supervisor mode, context 3 hart 1's.
class PlicTest : public testing::Test, protected Plic::Listener {
  protected:
    static constexpr std::uint32_t context = 1, other = 3;

    static std::uint64_t priority(std::uint32_t source) { return 4 * source; }
    static std::uint64_t pending(std::uint32_t source) { return 0x1000 + source / 32 * 4; }
    static std::uint64_t enable(std::uint32_t which, std::uint32_t word) { return 0x2000 + 0x80 * which + 4 * word; }
    static std::uint64_t threshold(std::uint32_t which) { return 0x20'0000 + 0x1000 * which; }
    static std::uint64_t claim_complete(std::uint32_t which) { return threshold(which) + 4; }

    std::uint64_t get(std::uint64_t offset) { return plic.read(offset, 4); }
    void set(std::uint64_t offset, std::uint64_t value) { plic.write(offset, 4, value); }
    void enable_all(std::uint32_t which) {
        for (std::uint32_t word = 0; word < 3; ++word)
            set(enable(which, word), 0xffff'ffff);
    }
    bool is_pending(std::uint32_t source) { return (get(pending(source)) >> source % 32 & 1) != 0; }
    std::uint64_t claim(std::uint32_t which = context) { return get(claim_complete(which)); }
    void complete(std::uint64_t source, std::uint32_t which = context) { set(claim_complete(which), source); }
    void pulse(std::uint32_t source) {
        plic.set_level(source, true);
        plic.set_level(source, false);
    }

    void external_interrupt(unsigned hart, bool is) override {
        changes.push_back({hart, is});
        interrupted[hart] = is;
    }

    std::vector<std::pair<unsigned, bool>> changes;
    std::array<bool, Plic::hart_limit> interrupted{};
    Plic plic{*this};
};

}

TEST_F(PlicTest, a_page_has_the_enable_bits_where_the_window_has_them) {
    set(enable(context, 0), 0xffff'ffff);
    set(enable(other, 2), 0x8000'0001);
    set(enable(other, 3), 1); // no such source
    std::array<std::uint32_t, 1024> page;
    static_assert(sizeof page == sizeof plic.enable_page());
    std::memcpy(page.data(), &plic.enable_page(), sizeof page);
    for (std::uint32_t word = 0; word < page.size(); ++word)
        EXPECT_EQ(page[word], get(0x2000 + 4 * word));
    EXPECT_EQ(page[32 * context], 0xffff'fffeu);
    EXPECT_EQ(page[32 * other + 2], 0x8000'0001u);
    plic.reset();
    EXPECT_EQ(plic.enable_page().contexts[context].sources.word(0), 0u);
}

TEST_F(PlicTest, a_source_interrupts_where_it_is_enabled_and_has_a_priority) {
    plic.set_level(10, true);
    EXPECT_TRUE(is_pending(10));
    EXPECT_FALSE(interrupted[0]);
    set(enable(context, 0), 1 << 10);
    EXPECT_FALSE(interrupted[0]); // priority 0 never interrupts
    EXPECT_EQ(claim(), 0u);       // nor can it be claimed
    set(priority(10), 1);
    EXPECT_TRUE(interrupted[0]);
    EXPECT_FALSE(interrupted[1]);
    EXPECT_EQ(claim(), 10u);
    EXPECT_FALSE(interrupted[0]);
    EXPECT_FALSE(is_pending(10));
}

TEST_F(PlicTest, the_most_urgent_source_is_claimed_first_and_of_equals_the_lowest) {
    enable_all(context);
    for (const auto& [source, urgency] : {std::pair{5u, 2u}, {7u, 3u}, {9u, 3u}, {95u, 1u}}) {
        set(priority(source), urgency);
        pulse(source);
    }
    for (const std::uint32_t expected : {7u, 9u, 5u, 95u, 0u})
        EXPECT_EQ(claim(), expected);
}

TEST_F(PlicTest, the_threshold_masks_interrupts_up_to_it) {
    enable_all(context);
    set(priority(4), 3);
    plic.set_level(4, true);
    EXPECT_TRUE(interrupted[0]);
    set(threshold(context), 3);
    EXPECT_FALSE(interrupted[0]);
    set(threshold(context), 2);
    EXPECT_TRUE(interrupted[0]);
    EXPECT_EQ(get(threshold(context)), 2u);
}

TEST_F(PlicTest, a_claim_does_not_heed_the_threshold) {
    enable_all(context);
    set(threshold(context), 7);
    set(priority(4), 1);
    plic.set_level(4, true);
    EXPECT_FALSE(interrupted[0]);
    EXPECT_EQ(claim(), 4u);
}

TEST_F(PlicTest, a_source_that_was_claimed_comes_again_only_after_its_completion) {
    enable_all(context);
    set(priority(10), 1);
    plic.set_level(10, true);
    EXPECT_EQ(claim(), 10u);
    pulse(10);
    EXPECT_FALSE(is_pending(10));
    EXPECT_EQ(claim(), 0u);
    complete(10);
    EXPECT_FALSE(is_pending(10)); // its level is low again: nothing to tell
}

TEST_F(PlicTest, a_level_that_stays_high_is_pending_again_at_once_after_the_completion) {
    enable_all(context);
    set(priority(10), 1);
    plic.set_level(10, true);
    for (int round = 0; round < 3; ++round) {
        EXPECT_EQ(claim(), 10u);
        EXPECT_FALSE(interrupted[0]);
        complete(10);
        EXPECT_TRUE(interrupted[0]);
    }
    plic.set_level(10, false);
    EXPECT_TRUE(interrupted[0]); // a request that was made stays until it is claimed
    EXPECT_EQ(claim(), 10u);
    complete(10);
    EXPECT_FALSE(interrupted[0]);
}

TEST_F(PlicTest, of_two_contexts_that_claim_one_gets_the_source) {
    enable_all(context);
    enable_all(other);
    set(priority(10), 1);
    plic.set_level(10, true);
    EXPECT_TRUE(interrupted[0] && interrupted[1]);
    EXPECT_EQ(claim(other), 10u);
    EXPECT_FALSE(interrupted[0] || interrupted[1]);
    EXPECT_EQ(claim(context), 0u);
    complete(10, context); // whoever has it enabled may complete it
    EXPECT_TRUE(interrupted[0] && interrupted[1]);
}

TEST_F(PlicTest, a_completion_of_what_is_not_enabled_or_not_claimed_is_ignored) {
    set(enable(context, 0), 1 << 10);
    set(priority(10), 1);
    plic.set_level(10, true);
    EXPECT_EQ(claim(), 10u);
    complete(10, other);
    EXPECT_FALSE(is_pending(10));
    set(enable(context, 0), 0);
    complete(10);
    EXPECT_FALSE(is_pending(10));
    set(enable(context, 0), 1 << 10);
    for (const std::uint64_t nonsense : {0ull, 11ull, 96ull, 1'000'000ull, 0xffff'ffffull})
        complete(nonsense);
    EXPECT_FALSE(is_pending(10));
    complete(10);
    EXPECT_TRUE(is_pending(10));
}

TEST_F(PlicTest, several_sources_can_be_claimed_before_any_is_completed) {
    enable_all(context);
    for (const std::uint32_t source : {1u, 2u, 3u}) {
        set(priority(source), source);
        plic.set_level(source, true);
    }
    EXPECT_EQ(claim(), 3u);
    EXPECT_EQ(claim(), 2u);
    complete(3);
    EXPECT_EQ(claim(), 3u);
    EXPECT_EQ(claim(), 1u);
}

TEST_F(PlicTest, a_source_that_is_disabled_or_loses_its_priority_stays_pending) {
    enable_all(context);
    set(priority(40), 1);
    plic.set_level(40, true);
    set(enable(context, 1), 0);
    EXPECT_FALSE(interrupted[0]);
    set(enable(context, 1), 1 << (40 - 32));
    EXPECT_TRUE(interrupted[0]);
    set(priority(40), 0);
    EXPECT_FALSE(interrupted[0]);
    EXPECT_TRUE(is_pending(40));
}

TEST_F(PlicTest, only_changes_of_a_hart_s_interrupt_are_told) {
    enable_all(context);
    set(priority(1), 1);
    set(priority(2), 1);
    changes.clear();
    plic.set_level(1, true);
    plic.set_level(2, true);
    plic.set_level(1, true);
    EXPECT_EQ(claim(), 1u);
    EXPECT_EQ(claim(), 2u);
    EXPECT_EQ(changes, (std::vector<std::pair<unsigned, bool>>{{0, true}, {0, false}}));
}

TEST_F(PlicTest, registers_keep_what_they_can_hold) {
    set(priority(1), 0xffff'ffff);
    EXPECT_EQ(get(priority(1)), 7u);
    set(threshold(context), 0xffff'ffff);
    EXPECT_EQ(get(threshold(context)), 7u);
    set(enable(15, 2), 0xffff'ffff);
    EXPECT_EQ(get(enable(15, 2)), 0xffff'ffffu);
    set(enable(15, 3), 0xffff'ffff);
    EXPECT_EQ(get(enable(15, 3)), 0u); // sources 96 and above
    set(pending(1), 0xffff'ffff);
    EXPECT_EQ(get(pending(1)), 0u); // read only
}

TEST_F(PlicTest, there_is_no_source_0) {
    set(priority(0), 7);
    EXPECT_EQ(get(priority(0)), 0u);
    enable_all(context);
    EXPECT_EQ(get(enable(context, 0)), 0xffff'fffeu);
    plic.set_level(0, true);
    plic.set_level(Plic::sources, true);
    EXPECT_FALSE(interrupted[0]);
    EXPECT_EQ(get(pending(0)), 0u);
}

TEST_F(PlicTest, contexts_that_are_not_there_read_as_zero) {
    for (const std::uint64_t offset : {enable(16, 0), threshold(16), claim_complete(16), threshold(1) + 8,
                                       std::uint64_t{0x5f'fffc}, priority(96), std::uint64_t{0x107c}}) {
        set(offset, 0xffff'ffff);
        EXPECT_EQ(get(offset), 0u) << offset;
    }
}

TEST_F(PlicTest, accesses_that_are_no_aligned_word_read_as_zero_and_change_nothing) {
    enable_all(context);
    set(priority(10), 5);
    plic.set_level(10, true);
    for (const unsigned width : {1u, 2u, 8u}) {
        plic.write(priority(10), width, 0);
        plic.write(enable(context, 0), width, 0);
        EXPECT_EQ(plic.read(priority(10), width), 0u);
        EXPECT_EQ(plic.read(claim_complete(context), width), 0u);
    }
    for (const std::uint64_t misaligned : {1u, 2u, 3u}) {
        plic.write(priority(10) + misaligned, 4, 0);
        EXPECT_EQ(plic.read(claim_complete(context) - misaligned, 4), 0u);
    }
    EXPECT_EQ(get(priority(10)), 5u);
    EXPECT_EQ(claim(), 10u);
}

TEST_F(PlicTest, after_a_reset_nothing_is_left) {
    enable_all(context);
    set(priority(10), 5);
    set(threshold(context), 1);
    plic.set_level(10, true);
    plic.reset();
    EXPECT_FALSE(interrupted[0]);
    EXPECT_EQ(get(priority(10)) + get(threshold(context)) + get(enable(context, 0)) + get(pending(10)), 0u);
    plic.set_level(10, true); // the line's owner says anew how it is
    EXPECT_TRUE(is_pending(10));
}

TEST_F(PlicTest, a_hart_that_is_not_there_has_no_registers) {
    Plic one{*this, 1};
    one.write(priority(95), 4, 1);
    for (const std::uint32_t which : {context, other}) {
        one.write(enable(which, 2), 4, 0xffff'ffff);
        one.write(threshold(which), 4, 0);
    }
    one.set_level(95, true);
    EXPECT_EQ(changes, (std::vector<std::pair<unsigned, bool>>{{0, true}}));
    EXPECT_EQ(one.read(enable(context, 2), 4), 0xffff'ffffu);
    EXPECT_EQ(one.read(enable(other, 2), 4), 0u);
    EXPECT_EQ(one.read(claim_complete(other), 4), 0u);
    EXPECT_EQ(one.read(claim_complete(context), 4), 95u);
}
