// SPDX-License-Identifier: Apache-2.0
#include "cli/bench/baseline.hpp"

#include <fstream>
#include <stdexcept>

#include <gtest/gtest.h>

#include "cli/bench/emulator.hpp"

using bench::System;
using bench::Table;

namespace {

/// The exit status and what was said when `now` was measured and the file holds `text`.
std::pair<int, std::string> check(const std::string& text, std::optional<std::uint64_t> now) {
    const bench::TemporaryFolder folder;
    std::ofstream{folder / "baseline.json"} << text;
    Table table;
    if (now)
        table.set(System::Sundew, "guest.sbi-base", *now, "instructions");
    testing::internal::CaptureStderr();
    const int status = bench::baseline::check(table, folder / "baseline.json");
    return {status, testing::internal::GetCapturedStderr()};
}

}

TEST(Baseline, holds_what_was_measured_on_sundew) {
    Table table;
    table.set(System::Bare, "guest.sbi-base", 275, "instructions");
    table.set(System::Sundew, "guest.sbi-base", 248, "instructions");
    table.set(System::Bare, "guest.bare-only", 1, "instructions");
    table.set(System::Sundew, "guest.ipi-self", 159, "instructions");
    EXPECT_EQ(bench::baseline::make(table), "{\n  \"guest.sbi-base\": 248,\n  \"guest.ipi-self\": 159\n}\n");
    EXPECT_EQ(check(bench::baseline::make(table), 248).first, 1); // the other is missing
}

TEST(Baseline, lets_pass_what_is_better_or_no_more_than_three_percent_worse) {
    const std::string file = "{\n  \"guest.sbi-base\": 1000\n}\n";
    for (const std::uint64_t now : {1u, 999u, 1000u, 1030u})
        EXPECT_EQ(check(file, now), std::pair(0, std::string{})) << now;
}

TEST(Baseline, fails_with_both_numbers_what_is_more_than_three_percent_worse) {
    const auto [status, said] = check("{\n  \"guest.sbi-base\": 1000\n}\n", 1031);
    EXPECT_EQ(status, 1);
    EXPECT_NE(said.find("guest.sbi-base: 1031 now, 1000 in "), said.npos) << said;
    EXPECT_NE(said.find("more than 3 % worse"), said.npos);
}

TEST(Baseline, fails_when_a_figure_is_no_longer_measured) {
    const auto [status, said] = check("{\n  \"guest.sbi-base\": 1000\n}\n", {});
    EXPECT_EQ(status, 1);
    EXPECT_NE(said.find("guest.sbi-base: not measured, 1000 in "), said.npos) << said;
}

TEST(Baseline, that_holds_nothing_is_no_baseline) {
    EXPECT_THROW((void)check("{}\n", 1000), std::runtime_error);
    EXPECT_THROW((void)bench::baseline::check(Table{}, "/nonexistent/baseline.json"), std::runtime_error);
}
