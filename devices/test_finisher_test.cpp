// SPDX-License-Identifier: Apache-2.0
#include "devices/test_finisher.hpp"

#include <string>

#include <gtest/gtest.h>

namespace {

class TestFinisherTest : public testing::Test, protected devices::TestFinisher::Listener {
  protected:
    void test_passed() override { told += "passed "; }
    void test_failed(std::uint16_t code) override { told += "failed " + std::to_string(code) + " "; }
    void test_reset() override { told += "reset "; }
    std::string told;
    devices::TestFinisher finisher{*this};
};

}

TEST_F(TestFinisherTest, a_word_ends_the_machine) {
    finisher.write(0, 4, 0x5555);
    finisher.write(0, 4, 0x7777);
    finisher.write(0, 4, 0x0042'3333);
    EXPECT_EQ(told, "passed reset failed 66 ");
}

TEST_F(TestFinisherTest, so_does_a_half_word_which_has_no_room_for_a_code) {
    finisher.write(0, 2, 0x5555);
    finisher.write(0, 2, 0xffff'3333); // what is above the width means nothing
    EXPECT_EQ(told, "passed failed 0 ");
}

TEST_F(TestFinisherTest, anything_else_does_nothing) {
    for (const unsigned width : {1u, 8u})
        finisher.write(0, width, 0x5555);
    for (const std::uint64_t offset : {1u, 2u, 4u, 0xffcu})
        finisher.write(offset, 4, 0x5555);
    for (const std::uint64_t value : {0x0u, 0x5554u, 0x5555'0000u, 0xffff'ffffu})
        finisher.write(0, 4, value);
    EXPECT_EQ(told, "");
    for (const unsigned width : {1u, 2u, 4u, 8u})
        EXPECT_EQ(finisher.read(0, width), 0u);
}
