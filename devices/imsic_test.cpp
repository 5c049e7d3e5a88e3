// SPDX-License-Identifier: Apache-2.0
#include "devices/imsic.hpp"

#include <gtest/gtest.h>

namespace {

using devices::Imsic;

constexpr std::uint64_t eidelivery = 0x70, eithreshold = 0x72, eip0 = 0x80, eie0 = 0xc0;

class ImsicTest : public testing::Test, protected Imsic::Listener {
  protected:
    void external_interrupt(unsigned hart, bool pending) override {
        EXPECT_EQ(hart, 3u);
        EXPECT_NE(pending, interrupted); // only changes are told
        interrupted = pending;
    }
    void open() {
        file.write_register(eidelivery, 1);
        for (std::uint64_t word = 0; word < 4; ++word)
            file.write_register(eie0 + 2 * word, ~std::uint64_t{0});
    }
    static constexpr std::uint64_t top_of(std::uint64_t identity) { return identity << 16 | identity; }

    bool interrupted = false;
    Imsic file{*this, 3};
};

}

TEST_F(ImsicTest, a_message_interrupts_where_it_is_enabled_and_delivered) {
    file.write(0, 4, 10);
    EXPECT_EQ(file.read_register(eip0), 1u << 10);
    EXPECT_EQ(file.top(), 0u);
    file.write_register(eie0, 1 << 10);
    EXPECT_EQ(file.top(), top_of(10)); // whatever eidelivery says
    EXPECT_FALSE(interrupted);
    file.write_register(eidelivery, 1);
    EXPECT_TRUE(interrupted);
    file.claim();
    EXPECT_FALSE(interrupted);
    EXPECT_EQ(file.read_register(eip0), 0u);
    file.claim(); // of nothing
    EXPECT_EQ(file.top(), 0u);
}

TEST_F(ImsicTest, the_lowest_identity_is_the_most_urgent) {
    open();
    for (const std::uint64_t identity : {255u, 64u, 7u})
        file.receive(identity);
    for (const std::uint64_t identity : {7u, 64u, 255u}) {
        EXPECT_EQ(file.top(), top_of(identity));
        file.claim();
    }
    EXPECT_FALSE(interrupted);
}

TEST_F(ImsicTest, what_is_not_below_the_threshold_waits) {
    open();
    file.write_register(eithreshold, 7);
    file.receive(7);
    EXPECT_EQ(file.top(), 0u);
    EXPECT_FALSE(interrupted);
    file.receive(6);
    EXPECT_EQ(file.top(), top_of(6));
    file.claim();
    file.write_register(eithreshold, 0); // none
    EXPECT_TRUE(interrupted);
    EXPECT_EQ(file.top(), top_of(7));
}

TEST_F(ImsicTest, knows_no_message_that_has_no_identity) {
    open();
    file.write(0, 4, 0);
    file.write(0, 4, 256);
    file.write(0, 4, 0xffff'ffff);
    file.write(0, 8, 1);
    file.write(0, 1, 1);
    file.write(1, 4, 1);
    file.write(4, 4, 0x0100'0000); // seteipnum_be
    EXPECT_FALSE(interrupted);
    EXPECT_EQ(file.read(0, 4), 0u);
    file.receive(255);
    EXPECT_TRUE(interrupted);
}

TEST_F(ImsicTest, has_the_registers_of_64_bits_and_no_others) {
    for (std::uint64_t number = 0; number < 0x200; ++number) {
        const bool there =
            number == eidelivery || number == eithreshold || (number >= eip0 && number < 0x100 && number % 2 == 0);
        EXPECT_EQ(file.read_register(number).has_value(), there) << number;
        file.write_register(number, ~std::uint64_t{0});
    }
    EXPECT_EQ(file.read_register(eip0), ~std::uint64_t{1}); // there is no identity 0
    EXPECT_EQ(file.read_register(eie0 + 6), ~std::uint64_t{0});
    EXPECT_EQ(file.read_register(eie0 + 8), 0u); // nor one beyond 255
    EXPECT_EQ(file.read_register(eidelivery), 0u);
    EXPECT_EQ(file.read_register(eithreshold), 0u); // does not take what it cannot hold
}

TEST_F(ImsicTest, a_reset_leaves_nothing) {
    open();
    file.receive(9);
    file.reset();
    EXPECT_FALSE(interrupted);
    EXPECT_EQ(file.read_register(eip0), 0u);
    EXPECT_EQ(file.read_register(eie0), 0u);
    EXPECT_EQ(file.read_register(eidelivery), 0u);
}
