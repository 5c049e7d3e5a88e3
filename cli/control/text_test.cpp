// SPDX-License-Identifier: Apache-2.0
#include "cli/control/text.hpp"

#include <gtest/gtest.h>

namespace {

TEST(Text, ForTerminalsHasNoControlCharacters) {
    EXPECT_EQ(text::printable("a\x1b[2J\tb\x7f"), "a?[2J?b?");
    EXPECT_EQ(text::printable("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x8c\xb1"), "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x8c\xb1");
    EXPECT_EQ(text::printable("\xc2\x9b"), "?"); // CSI as one character
    // Overlong, surrogate, beyond Unicode, cut short, a tail alone.
    EXPECT_EQ(text::printable("\xc0\xaf"), "??");
    EXPECT_EQ(text::printable("\xed\xa0\x80"), "???");
    EXPECT_EQ(text::printable("\xf4\x90\x80\x80"), "????");
    EXPECT_EQ(text::printable("\xe2\x82"), "??");
    EXPECT_EQ(text::printable("\x80"), "?");
}

TEST(Text, AsJsonIsAlwaysValid) {
    EXPECT_EQ(text::json("a\"b\\c\n\xff"), "\"a\\\"b\\\\c\\u000a\\ufffd\"");
    EXPECT_EQ(text::json(std::string_view{"\0", 1}), "\"\\u0000\"");
}

TEST(Text, DurationsHaveTwoUnits) {
    constexpr std::uint64_t second = 1'000'000'000;
    EXPECT_EQ(text::duration(999), "0s");
    EXPECT_EQ(text::duration(59 * second), "59s");
    EXPECT_EQ(text::duration(3605 * second), "1h 0m");
    EXPECT_EQ(text::duration(100'000 * second), "1d 3h");
    EXPECT_EQ(text::duration(~std::uint64_t{0}), "213503d 23h");
}

TEST(Text, SizesHaveTheUnitThatFits) {
    EXPECT_EQ(text::size(0), "0B");
    EXPECT_EQ(text::size(1023), "1023B");
    EXPECT_EQ(text::size(512 << 20), "512M");
    EXPECT_EQ(text::size(3 << 19), "1.5M");
    EXPECT_EQ(text::size(~std::uint64_t{0}), "15.9E");
}

TEST(Text, TablesAlignTheirColumns) {
    EXPECT_EQ(text::table({{"A", "BB"}, {"ccc", "d"}, {"e", ""}}), "A    BB\nccc  d\ne\n");
    EXPECT_EQ(text::table({}), "");
}

}
