// SPDX-License-Identifier: Apache-2.0
#include "devices/aplic.hpp"

#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace {

using devices::Aplic;

constexpr std::uint64_t domaincfg = 0, setip = 0x1c00, setipnum = 0x1cdc, in_clrip = 0x1d00, clripnum = 0x1ddc,
                        setie = 0x1e00, setienum = 0x1edc, clrie = 0x1f00, clrienum = 0x1fdc, setipnum_le = 0x2000,
                        genmsi = 0x3000;
constexpr std::uint64_t inactive = 0, detached = 1, edge1 = 4, edge0 = 5, level1 = 6, level0 = 7;

struct Message {
    unsigned hart;
    std::uint32_t identity;
    friend bool operator==(Message, Message) = default;
};

class AplicTest : public testing::Test, protected Aplic::Listener {
  protected:
    void message(unsigned hart, std::uint32_t identity) override { messages.push_back({hart, identity}); }
    static std::uint64_t sourcecfg(std::uint32_t source) { return 4 * source; }
    static std::uint64_t target(std::uint32_t source) { return 0x3000 + 4 * source; }
    std::uint64_t get(std::uint64_t offset) { return aplic.read(offset, 4); }
    void set(std::uint64_t offset, std::uint64_t value) { aplic.write(offset, 4, value); }
    /// A source that goes to hart 2 as message 40.
    void route(std::uint32_t source, std::uint64_t mode) {
        set(domaincfg, 1 << 8);
        set(sourcecfg(source), mode);
        set(target(source), 2 << 18 | 40);
        set(setienum, source);
    }
    std::vector<Message> sent() { return std::exchange(messages, {}); }
    const std::vector<Message> one{{2, 40}}, none{};

    std::vector<Message> messages;
    Aplic aplic{*this};
};

}

TEST_F(AplicTest, sends_by_message_and_by_nothing_else) {
    EXPECT_EQ(get(domaincfg), 0x8000'0004u);
    set(domaincfg, 0);
    EXPECT_EQ(get(domaincfg), 0x8000'0004u);
    set(domaincfg, ~0u);
    EXPECT_EQ(get(domaincfg), 0x8000'0104u);
}

TEST_F(AplicTest, a_rising_line_is_sent_once) {
    route(5, level1);
    aplic.set_level(5, true);
    EXPECT_EQ(sent(), one);
    EXPECT_EQ(get(setip), 0u); // what has been sent is not pending
    EXPECT_EQ(get(in_clrip), 1u << 5);
    aplic.set_level(5, true);
    EXPECT_EQ(sent(), none);
    aplic.set_level(5, false);
    aplic.set_level(5, true);
    EXPECT_EQ(sent(), one);
}

TEST_F(AplicTest, a_level_that_is_still_high_is_sent_again_when_the_driver_asks) {
    route(5, level1);
    aplic.set_level(5, true);
    (void)sent();
    set(setipnum_le, 5);
    EXPECT_EQ(sent(), one);
    aplic.set_level(5, false);
    set(setipnum_le, 5);
    set(setip, 1 << 5);
    EXPECT_EQ(sent(), none);
}

TEST_F(AplicTest, waits_for_its_enable_bit_and_for_the_domain) {
    route(5, level1);
    set(clrienum, 5);
    set(domaincfg, 0);
    aplic.set_level(5, true);
    EXPECT_EQ(get(setip), 1u << 5);
    set(domaincfg, 1 << 8);
    EXPECT_EQ(sent(), none);
    set(setie, 1 << 5);
    EXPECT_EQ(sent(), one);
    EXPECT_EQ(get(setie), 1u << 5);
    set(clrie, 1 << 5);
    EXPECT_EQ(get(setie), 0u);
}

TEST_F(AplicTest, a_level_that_goes_takes_its_interrupt_along_and_an_edge_does_not) {
    for (const auto& [mode, left] : {std::pair{level1, 0u}, {edge1, 1u << 5}}) {
        route(5, mode);
        set(clrienum, 5);
        aplic.set_level(5, true);
        EXPECT_EQ(get(setip), 1u << 5);
        aplic.set_level(5, false);
        EXPECT_EQ(get(setip), left);
        set(sourcecfg(5), inactive);
    }
}

TEST_F(AplicTest, inverted_sources_rise_when_their_lines_fall) {
    aplic.set_level(5, true);
    for (const std::uint64_t mode : {edge0, level0}) {
        route(5, mode);
        EXPECT_EQ(get(in_clrip), 0u);
        aplic.set_level(5, false);
        EXPECT_EQ(sent(), one);
        aplic.set_level(5, true);
        EXPECT_EQ(sent(), none);
        set(sourcecfg(5), inactive);
    }
}

TEST_F(AplicTest, a_line_that_is_high_before_its_source_is_active_is_not_missed) {
    aplic.set_level(5, true);
    route(5, edge1);
    EXPECT_EQ(sent(), one);
}

TEST_F(AplicTest, a_detached_source_is_the_drivers_alone) {
    route(5, detached);
    aplic.set_level(5, true);
    EXPECT_EQ(sent(), none);
    EXPECT_EQ(get(in_clrip), 0u);
    set(setipnum, 5);
    EXPECT_EQ(sent(), one);
    set(clrienum, 5);
    set(setipnum, 5);
    set(clripnum, 5);
    set(setienum, 5);
    EXPECT_EQ(sent(), none);
}

TEST_F(AplicTest, an_inactive_source_has_no_state) {
    for (const std::uint64_t mode : {inactive, std::uint64_t{2}, std::uint64_t{3}, std::uint64_t{1 << 10 | level1}}) {
        route(5, level1);
        set(sourcecfg(5), mode);
        EXPECT_EQ(get(sourcecfg(5)), inactive);
        set(setienum, 5);
        set(setipnum, 5);
        set(target(5), 2 << 18 | 40);
        EXPECT_EQ(get(setie), 0u);
        EXPECT_EQ(get(setip), 0u);
        EXPECT_EQ(get(target(5)), 0u);
    }
    EXPECT_EQ(sent(), none);
}

TEST_F(AplicTest, a_target_has_a_hart_and_an_identity) {
    set(sourcecfg(95), level1);
    set(target(95), ~0u);
    EXPECT_EQ(get(target(95)), 0x3fffu << 18 | 0x7ff);
    set(target(96), ~0u);
    EXPECT_EQ(get(target(96)), 0u);
    EXPECT_EQ(get(sourcecfg(96)), 0u);
}

TEST_F(AplicTest, sends_a_message_on_demand_but_to_no_hart_that_is_not_there) {
    set(genmsi, 7 << 18 | 3);
    EXPECT_EQ(sent(), (std::vector<Message>{{7, 3}}));
    set(genmsi, 8 << 18 | 3);
    set(genmsi, ~0u);
    EXPECT_EQ(sent(), none);
    EXPECT_EQ(get(genmsi), 0u);
}

TEST_F(AplicTest, knows_only_words_that_lie_at_words) {
    route(5, level1);
    aplic.write(setipnum, 8, 5);
    aplic.write(setie + 1, 4, ~0u);
    aplic.write(clrienum, 2, 5);
    EXPECT_EQ(get(setie), 1u << 5);
    EXPECT_EQ(aplic.read(setie, 8), 0u);
    EXPECT_EQ(aplic.read(setie, 1), 0u);
    for (std::uint64_t offset = 0; offset < 0x8000; offset += 4)
        (void)get(offset);
    for (const std::uint64_t beyond : {0u, 96u, 1000u, 0xffff'ffffu}) {
        set(setipnum, beyond);
        set(setienum, beyond);
        set(clripnum, beyond);
        aplic.set_level(static_cast<std::uint32_t>(beyond), true);
    }
    EXPECT_EQ(sent(), none);
}

TEST_F(AplicTest, a_reset_leaves_nothing) {
    route(5, level1);
    aplic.reset();
    aplic.set_level(5, true);
    EXPECT_EQ(sent(), none);
    EXPECT_EQ(get(domaincfg), 0x8000'0004u);
    EXPECT_EQ(get(sourcecfg(5)), 0u);
}
