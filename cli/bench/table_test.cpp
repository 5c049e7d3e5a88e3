// SPDX-License-Identifier: Apache-2.0
#include "cli/bench/table.hpp"

#include <gtest/gtest.h>

using bench::System;
using bench::Table;

namespace {

bool holds(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
        ++found;
    return found;
}

Table some() {
    Table table;
    table.set(System::Bare, "debian.sysbench-cpu", 1000, "instructions");
    table.set(System::Kvm, "debian.sysbench-cpu", 1500, "instructions");
    table.set(System::Sundew, "debian.sysbench-cpu", 1020, "instructions");
    return table;
}

}

TEST(BenchTable, compares_with_the_bare_machine_and_with_kvm) {
    const std::string text = some().text();
    EXPECT_TRUE(holds(text, "1.020    0.680  instructions")) << text;
}

TEST(BenchTable, has_no_ratio_to_what_was_not_measured_or_is_nothing) {
    Table table = some();
    table.set(System::Kvm, "debian.sysbench-cpu", 0, "instructions");
    EXPECT_FALSE(table.rows()[0].ratio(System::Sundew, System::Kvm));
    table.set_reason(System::Sundew, "debian.sysbench-cpu", "it panicked");
    EXPECT_FALSE(table.rows()[0].ratio(System::Sundew, System::Bare));
    EXPECT_EQ(table.rows()[0].ratio(System::Kvm, System::Bare), 0.0);
}

TEST(BenchTable, says_why_a_figure_is_missing) {
    Table table = some();
    table.set_reason(System::Kvm, "disk-4k", "there is no disk");
    EXPECT_TRUE(holds(table.text(), "Not measured:\n  disk-4k on KVM: there is no disk\n")) << table.text();
    EXPECT_FALSE(holds(some().text(), "Not measured"));
}

TEST(BenchTable, is_json_whatever_a_console_said) {
    Table table = some();
    table.set_reason(System::Kvm, "disk-4k", "the \"disk\" \\ is\x1b[m gone");
    EXPECT_EQ(table.json(),
              "[\n  {\"name\": \"debian.sysbench-cpu\", \"unit\": \"instructions\", \"bare\": 1000, "
              "\"KVM\": 1500, \"Sundew\": 1020},\n"
              "  {\"name\": \"disk-4k\", \"unit\": \"\", \"KVM\": \"the \\\"disk\\\" \\\\ is [m gone\"}\n]\n");
    EXPECT_EQ(Table{}.json(), "[\n]\n");
}

TEST(BenchPicture, shows_whole_systems_by_their_ratio_to_the_bare_machine) {
    const std::string svg = some().svg();
    EXPECT_TRUE(holds(svg, ">sysbench cpu</text>"));
    EXPECT_TRUE(holds(svg, ">1.500</text>"));
    EXPECT_TRUE(holds(svg, ">1.020</text>"));
    EXPECT_FALSE(holds(svg, "What things cost a guest")); // nothing of that was measured
}

TEST(BenchPicture, shows_what_exits_cost_as_numbers) {
    Table table;
    table.set(System::Bare, "guest.sbi-base", 275, "instructions");
    table.set(System::Sundew, "guest.sbi-base", 248, "instructions");
    table.set_reason(System::Kvm, "guest.sbi-base", "<the host> has ended");
    const std::string svg = table.svg();
    EXPECT_TRUE(holds(svg, ">SBI base call</text>"));
    EXPECT_TRUE(holds(svg, ">248</text>"));
    EXPECT_TRUE(holds(svg, ">not measured</text>"));
    EXPECT_FALSE(holds(svg, "Whole systems"));
}

TEST(BenchPicture, is_whole_and_asks_for_nothing_from_outside) {
    for (const std::string& svg : {some().svg(), Table{}.svg()}) {
        EXPECT_TRUE(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
        EXPECT_TRUE(svg.ends_with("</svg>\n"));
        EXPECT_EQ(count(svg, "http"), 1u); // the name of its language
        EXPECT_EQ(count(svg, "<text"), count(svg, "</text>"));
        EXPECT_FALSE(holds(svg, "nan") || holds(svg, "inf"));
    }
}

TEST(BenchPicture, leaves_out_systems_rows_without_a_bare_machine) {
    Table table;
    table.set(System::Sundew, "debian.sysbench-cpu", 1020, "instructions");
    EXPECT_FALSE(holds(table.svg(), "sysbench"));
}
