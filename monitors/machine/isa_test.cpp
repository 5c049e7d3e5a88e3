// SPDX-License-Identifier: Apache-2.0
#include "monitors/machine/isa.hpp"

#include <gtest/gtest.h>

using machine::Environment;
using machine::guest_extensions;

namespace {

constexpr std::uint64_t all = ~std::uint64_t{0};

}

TEST(Isa, a_guest_never_has_the_hypervisor_extension) {
    EXPECT_EQ(guest_extensions("i m a f d c h shtvala sha smaia ssaia", {all, true}), "i m a f d c");
}

TEST(Isa, message_interrupts_are_there_with_the_interrupt_controller_that_has_them) {
    EXPECT_EQ(guest_extensions("i smaia ssaia", {all, true, false}), "i");
    EXPECT_EQ(guest_extensions("i smaia ssaia", {all, true, true}), "i ssaia");
}

TEST(Isa, what_henvcfg_does_not_give_is_not_there) {
    EXPECT_EQ(guest_extensions("i zicbom zicboz svadu svpbmt sstc", {0, true}), "i");
    EXPECT_EQ(guest_extensions("i zicbom zicboz svadu svpbmt sstc", {all, true}), "i zicbom zicboz svadu svpbmt sstc");
    EXPECT_EQ(guest_extensions("zicbom zicboz", {1 << 7, true}), "zicboz");
    EXPECT_EQ(guest_extensions("zicbom", {3 << 4, true}), ""); // CBIE without CBCFE
}

TEST(Isa, vectors_are_there_only_with_the_unit_that_the_host_saves) {
    EXPECT_EQ(guest_extensions("i v zvl128b zve64d", {all, false}), "i");
    EXPECT_EQ(guest_extensions("i v zvl128b zve64d", {all, true}), "i v zvl128b zve64d");
}

TEST(Isa, what_is_not_known_is_not_given) {
    EXPECT_EQ(guest_extensions("i zkn zicfilp zicfiss ssnpm smstateen zk zkr xventana zihpm sscofpmf", {all, true}),
              "i zkn");
}

TEST(Isa, the_string_joins_single_letters_and_separates_words) {
    EXPECT_EQ(machine::isa_string("i m a zicsr sstc"), "rv64ima_zicsr_sstc");
    EXPECT_EQ(machine::isa_string(""), "rv64");
}

TEST(Isa, a_list_with_odd_spaces_is_read_to_its_end) {
    EXPECT_EQ(guest_extensions("  i   m ", {all, true}), "i m");
}
