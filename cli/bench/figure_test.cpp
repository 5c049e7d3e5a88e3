// SPDX-License-Identifier: Apache-2.0
#include "cli/bench/figure.hpp"

#include <stdexcept>

#include <gtest/gtest.h>

using bench::parse;

TEST(Figures, are_read_wherever_they_stand_in_a_line_of_the_console) {
    const auto figures = parse("OpenSBI v1.5\r\nbench: sbi-base 248 instructions\r\n[    1.2] hvc0: bench: line 12 ns\n"
                               "statistics: exits-mmio 24746 exits\r\n");
    ASSERT_EQ(figures.size(), 3u);
    EXPECT_EQ(figures[0].name, "sbi-base");
    EXPECT_EQ(figures[0].value, 248u);
    EXPECT_EQ(figures[0].unit, "instructions");
    EXPECT_EQ(bench::value_of(figures, "line"), 12u);
    EXPECT_EQ(bench::value_of(figures, "exits-mmio"), 24746u);
}

TEST(Figures, that_could_not_be_measured_say_why) {
    const auto figures = parse("bench: virtio-blk-4k - instret does not count here\r\n");
    ASSERT_EQ(figures.size(), 1u);
    EXPECT_FALSE(figures[0].value);
    EXPECT_EQ(figures[0].reason, "instret does not count here");
    EXPECT_FALSE(bench::value_of(figures, "virtio-blk-4k"));
    EXPECT_NE(bench::find(figures, "virtio-blk-4k"), nullptr);
}

TEST(Figures, are_whole_numbers_with_a_unit_or_none) {
    EXPECT_TRUE(parse("bench: a\nbench: b 12\nbench: c 1.5 ns\nbench: d -3 ns\nbench: e 99999999999999999999999 ns\n"
                      "bench: \nwithout: f 1 ns\n")
                    .empty());
}

TEST(Figures, that_are_not_there_have_no_value) {
    EXPECT_FALSE(bench::value_of({}, "sbi-base"));
    EXPECT_EQ(bench::find({}, "sbi-base"), nullptr);
    EXPECT_THROW((void)bench::get(parse("bench: sbi-base - no SBI\n"), "sbi-base"), std::runtime_error);
    EXPECT_EQ(bench::get(parse("bench: sbi-base 223 instructions\n"), "sbi-base"), 223u);
}

TEST(Figures, of_so_many_are_of_one) {
    const auto figures = bench::of_one(parse("bench: read/100 12345 instructions\nbench: write/100 - no disk\n"
                                             "bench: a/0 5 ns\nbench: a/b 6 ns\nbench: c 7 ns\n"));
    ASSERT_EQ(figures.size(), 5u);
    EXPECT_EQ(figures[0].name, "read");
    EXPECT_EQ(figures[0].value, 123u);
    EXPECT_EQ(figures[1].name, "write");
    EXPECT_FALSE(figures[1].value);
    EXPECT_EQ(figures[2].name, "a/0");
    EXPECT_EQ(figures[3].name, "a/b");
    EXPECT_EQ(figures[4].value, 7u);
}

TEST(Figures, of_a_program_are_what_it_does_after_its_start) {
    const auto figures =
        bench::without_start(parse("bench: fio-start 100 instructions\nbench: fio-read 130 instructions\n"
                                   "bench: fio-less 90 instructions\nbench: fiopp 5 instructions\n"
                                   "bench: fio-none - there is no disk\nbench: perf 7 instructions\n"));
    ASSERT_EQ(figures.size(), 5u);
    EXPECT_EQ(figures[0].value, 30u);
    EXPECT_EQ(figures[1].value, 0u);
    EXPECT_EQ(figures[2].value, 5u);
    EXPECT_FALSE(figures[3].value);
    EXPECT_EQ(figures[4].value, 7u);
}
