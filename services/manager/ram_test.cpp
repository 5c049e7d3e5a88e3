// SPDX-License-Identifier: Apache-2.0
#include "services/manager/ram.hpp"

#include <gtest/gtest.h>

namespace {

TEST(Ram, TakesAlignedPiecesAndGivesThemBack) {
    Ram ram;
    ram.give({10, 1000});
    EXPECT_EQ(ram.take(5), (Ram::Pages{10, 5}));
    EXPECT_EQ(ram.take(100, 64), (Ram::Pages{64, 100}));
    EXPECT_EQ(ram.free_pages(), 895u);
    EXPECT_EQ(ram.take(10), (Ram::Pages{15, 10})); // the gap is used
    EXPECT_FALSE(ram.take(1000));
    EXPECT_FALSE(ram.take(900, 512));
    ram.give({64, 100});
    ram.give({10, 5});
    ram.give({15, 10});
    EXPECT_EQ(ram.take(1000), (Ram::Pages{10, 1000})); // in one piece again
    EXPECT_EQ(ram.free_pages(), 0u);
}

TEST(Ram, DoesNotJoinWhatDoesNotTouch) {
    Ram ram;
    ram.give({0, 10});
    ram.give({11, 10});
    EXPECT_FALSE(ram.take(11));
    ram.give({10, 1});
    EXPECT_TRUE(ram.take(21));
}

}
