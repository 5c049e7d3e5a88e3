// SPDX-License-Identifier: Apache-2.0
#include "monitors/gdb/registers.hpp"

#include <cstdio>
#include <regex>
#include <set>

#include <gtest/gtest.h>

namespace {

constexpr gdb::Features all{true, 32}, none{};

TEST(registers, each_of_the_description_has_its_own_number_and_the_size_that_is_sent) {
    const std::string text = gdb::describe_registers(all);
    std::set<unsigned> numbers;
    const std::regex pattern{"<reg name=\"(\\w+)\" bitsize=\"(\\d+)\" regnum=\"(\\d+)\""};
    for (std::sregex_iterator each{text.begin(), text.end(), pattern}, end; each != end; ++each) {
        const auto which = static_cast<unsigned>(std::stoul((*each)[3]));
        EXPECT_TRUE(numbers.insert(which).second) << (*each)[1];
        EXPECT_EQ(gdb::register_bytes(which, all), std::stoul((*each)[2]) / 8) << (*each)[1];
    }
    EXPECT_EQ(numbers.size(), 33u + 32 + 3 + 12 + 7 + 1 + 32);
    for (unsigned which = 0; which < gdb::number::end + 100; ++which)
        EXPECT_EQ(gdb::register_bytes(which, all).has_value(), numbers.contains(which)) << which;
}

TEST(registers, a_machine_without_vectors_and_timer_has_none) {
    const std::string text = gdb::describe_registers(none);
    EXPECT_EQ(text.find("vector"), text.npos);
    EXPECT_EQ(text.find("stimecmp"), text.npos);
    EXPECT_FALSE(gdb::register_bytes(gdb::number::first_vector, none));
    EXPECT_FALSE(gdb::register_bytes(gdb::number::vlenb, none));
    EXPECT_FALSE(gdb::register_bytes(gdb::number::stimecmp, none));
}

}
