// SPDX-License-Identifier: Apache-2.0
#include "monitors/machine/trace_ring.hpp"

#include <memory>
#include <vector>

#include <gtest/gtest.h>

namespace {

using machine::TraceRing;

control::TraceRecord record(std::uint64_t value) {
    return {value, 0, static_cast<std::uint8_t>(control::TraceKind::Exit), 0, 1, 0, 0, value};
}

struct Ring : testing::Test {
    std::unique_ptr<TraceRing> ring = std::make_unique<TraceRing>();
    std::vector<control::TraceRecord> take(std::size_t most) {
        std::vector<control::TraceRecord> records(most);
        records.resize(ring->take(records));
        return records;
    }
};

TEST_F(Ring, gives_records_in_their_order) {
    EXPECT_TRUE(take(10).empty());
    for (std::uint64_t i = 0; i < 5; ++i)
        ring->add(record(i));
    EXPECT_EQ(take(3).back().value, 2u);
    const auto rest = take(10);
    ASSERT_EQ(rest.size(), 2u);
    EXPECT_EQ(rest.back().value, 4u);
}

TEST_F(Ring, goes_round_for_ever) {
    for (std::uint64_t i = 0; i < 10 * TraceRing::capacity; ++i) {
        ring->add(record(i));
        const auto taken = take(2);
        ASSERT_EQ(taken.size(), 1u);
        ASSERT_EQ(taken.front().value, i);
    }
}

TEST_F(Ring, tells_once_that_it_is_half_full) {
    for (std::uint64_t i = 1; i < TraceRing::capacity; ++i) {
        ring->add(record(i));
        EXPECT_EQ(ring->half_full(), i == TraceRing::capacity / 2) << i;
    }
}

TEST_F(Ring, says_how_many_found_no_room) {
    for (std::uint64_t i = 0; i < TraceRing::capacity + 7; ++i)
        ring->add(record(i));
    EXPECT_EQ(take(1).front().value, 0u);
    ring->add(record(5000)); // one place is not enough for it and for what is missing
    EXPECT_EQ(take(TraceRing::capacity).back().value, TraceRing::capacity - 1);
    ring->add(record(6000));
    const auto rest = take(10);
    ASSERT_EQ(rest.size(), 2u);
    EXPECT_EQ(rest[0].kind, static_cast<std::uint8_t>(control::TraceKind::Lost));
    EXPECT_EQ(rest[0].value, 8u);
    EXPECT_EQ(rest[0].vcpu, 1u);
    EXPECT_EQ(rest[1].value, 6000u);
}

TEST_F(Ring, begins_anew_without_what_there_was_and_without_what_was_missing) {
    for (std::uint64_t i = 0; i < TraceRing::capacity + 7; ++i)
        ring->add(record(i));
    ring->discard();
    ring->add(record(1));
    const auto rest = take(10);
    ASSERT_EQ(rest.size(), 1u);
    EXPECT_EQ(rest[0].value, 1u);
}

}
