// SPDX-License-Identifier: Apache-2.0
#include "devices/uart16550.hpp"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace {

using devices::Uart16550;

// Registers, by the data sheet's names.
constexpr std::uint64_t data = 0, ier = 1, iir = 2, fcr = 2, lcr = 3, mcr = 4, lsr = 5, msr = 6, scr = 7;
constexpr std::uint64_t none = 1, thre = 2, received = 4, time_out = 12, line_status = 6, fifos = 0xc0;

class UartTest : public testing::Test, protected Uart16550::Listener, protected devices::InterruptController {
  protected:
    UartTest() { uart.reset(); }
    std::uint64_t get(std::uint64_t offset) { return uart.read(offset, 1); }
    void set(std::uint64_t offset, std::uint64_t value) { uart.write(offset, 1, value); }
    std::size_t type(std::string_view text) { return uart.receive(std::as_bytes(std::span{text})); }

    void uart_output(std::uint8_t byte) override { output += static_cast<char>(byte); }
    void uart_ready() override { ++readies; }
    void set_level(std::uint32_t, bool level) override { high = level; }

    std::string output;
    unsigned readies = 0;
    bool high = false;
    Uart16550 uart{*this, {*this, 10}};
};

}

TEST_F(UartTest, has_the_data_sheet_s_state_after_a_reset) {
    EXPECT_EQ(get(ier), 0u);
    EXPECT_EQ(get(iir), none);
    EXPECT_EQ(get(lcr), 0u);
    EXPECT_EQ(get(mcr), 0u);
    EXPECT_EQ(get(lsr), 0x60u); // both transmitter bits: it is always empty
    EXPECT_EQ(get(msr), 0xb0u); // somebody is there
    EXPECT_EQ(get(data), 0u);
    EXPECT_FALSE(high);
}

TEST_F(UartTest, sends_at_once) {
    set(data, 'h');
    set(data, 0x100 | 'i'); // only the low byte counts
    EXPECT_EQ(output, "hi");
    EXPECT_EQ(get(lsr), 0x60u);
}

TEST_F(UartTest, without_fifos_has_room_for_one_byte) {
    EXPECT_EQ(type("ab"), 1u);
    EXPECT_EQ(get(lsr), 0x61u);
    EXPECT_EQ(get(data), static_cast<std::uint64_t>('a'));
    EXPECT_EQ(readies, 1u);
    EXPECT_EQ(get(lsr), 0x60u);
}

TEST_F(UartTest, with_fifos_keeps_16_bytes_in_order) {
    set(fcr, 1);
    EXPECT_EQ(type("0123456789abcdefgh"), 16u);
    EXPECT_EQ(uart.room(), 0u);
    for (const char expected : std::string_view{"0123456789abcdef"}) {
        EXPECT_EQ(get(lsr) & 1, 1u);
        EXPECT_EQ(get(data), static_cast<std::uint64_t>(expected));
    }
    EXPECT_EQ(get(lsr) & 1, 0u);
    EXPECT_EQ(type("x"), 1u);
    EXPECT_EQ(get(data), static_cast<std::uint64_t>('x'));
}

TEST_F(UartTest, tells_of_a_break_once_where_it_is_among_the_bytes) {
    set(fcr, 1);
    set(ier, 4);
    type("a");
    EXPECT_TRUE(uart.receive_break());
    type("b");
    EXPECT_EQ(get(lsr), 0xe1u); // somewhere in the FIFO, but not at this byte
    EXPECT_FALSE(high);
    EXPECT_EQ(get(data), static_cast<std::uint64_t>('a'));
    EXPECT_TRUE(high);
    EXPECT_EQ(get(iir), fifos | line_status);
    EXPECT_EQ(get(lsr), 0xf1u);
    EXPECT_EQ(get(lsr), 0x61u);
    EXPECT_FALSE(high);
    EXPECT_EQ(get(data), 0u);
    EXPECT_EQ(get(lsr), 0x61u);
    EXPECT_EQ(get(data), static_cast<std::uint64_t>('b'));
}

TEST_F(UartTest, forgets_breaks_with_the_bytes_and_takes_none_without_room) {
    EXPECT_TRUE(uart.receive_break());
    EXPECT_FALSE(uart.receive_break());
    EXPECT_EQ(get(data), 0u); // without asking what it was
    type("x");
    EXPECT_EQ(get(lsr), 0x61u);
    set(fcr, 1);
    for (int count = 0; count < 16; ++count)
        EXPECT_TRUE(uart.receive_break());
    set(fcr, 3);
    type("0123456789abcdef");
    EXPECT_EQ(get(lsr), 0x61u);
}

TEST_F(UartTest, tells_of_fifos_only_while_they_are_enabled) {
    set(fcr, 0xc6); // other bits count only together with bit 0
    EXPECT_EQ(get(iir), none);
    set(fcr, 0x01);
    EXPECT_EQ(get(iir), fifos | none);
    set(fcr, 0x21); // the 64-byte FIFO of a 16750, which this is not
    EXPECT_EQ(get(iir), fifos | none);
    set(fcr, 0x00);
    EXPECT_EQ(get(iir), none);
}

TEST_F(UartTest, received_bytes_interrupt_from_the_trigger_level_on_and_fewer_by_time_out) {
    set(fcr, 1 | 2 << 6); // 8 bytes
    set(ier, 1);
    EXPECT_FALSE(high);
    type("1234567");
    EXPECT_TRUE(high);
    EXPECT_EQ(get(iir), fifos | time_out);
    type("8");
    EXPECT_EQ(get(iir), fifos | received);
    for (int count = 0; count < 8; ++count)
        (void)get(data);
    EXPECT_EQ(get(iir), fifos | none);
    EXPECT_FALSE(high);
}

TEST_F(UartTest, has_the_four_trigger_levels) {
    for (const auto& [code, level] : {std::pair{0u, 1u}, {1u, 4u}, {2u, 8u}, {3u, 14u}}) {
        set(fcr, 1 | code << 6 | 2);
        set(ier, 1);
        for (unsigned count = 1; count <= level; ++count) {
            type("x");
            EXPECT_EQ(get(iir), fifos | (count < level ? time_out : received));
        }
    }
}

TEST_F(UartTest, the_transmitter_interrupts_when_that_is_enabled_and_after_each_byte) {
    set(ier, 2);
    EXPECT_TRUE(high);
    EXPECT_EQ(get(iir), thre);
    EXPECT_FALSE(high); // reading what it was ends it
    EXPECT_EQ(get(iir), none);
    set(data, 'x');
    EXPECT_TRUE(high);
    EXPECT_EQ(get(iir), thre);
    EXPECT_FALSE(high);
    set(ier, 2); // no change, no interrupt
    EXPECT_FALSE(high);
    set(ier, 0);
    set(ier, 2); // drivers probe that this raises it again
    EXPECT_TRUE(high);
    set(ier, 0);
    EXPECT_FALSE(high);
    EXPECT_EQ(get(iir), none);
}

TEST_F(UartTest, a_byte_sent_while_the_interrupt_is_off_is_told_of_when_it_is_on) {
    set(data, 'x');
    EXPECT_FALSE(high);
    set(ier, 2);
    EXPECT_EQ(get(iir), thre);
}

TEST_F(UartTest, interrupts_are_told_by_priority) {
    set(mcr, 0x10);
    set(fcr, 1);
    set(ier, 7);
    for (int count = 0; count < 17; ++count)
        set(data, 'x'); // comes back, one too many
    EXPECT_EQ(get(iir), fifos | line_status);
    EXPECT_EQ(get(lsr), 0x63u); // which ends it
    EXPECT_EQ(get(lsr), 0x61u);
    EXPECT_EQ(get(iir), fifos | received); // reading that does not end the transmitter's
    for (int count = 0; count < 16; ++count)
        (void)get(data);
    EXPECT_EQ(get(iir), fifos | thre);
    EXPECT_EQ(get(iir), fifos | none);
    EXPECT_FALSE(high);
}

TEST_F(UartTest, interrupts_that_are_not_enabled_are_not_told_of) {
    type("x");
    EXPECT_EQ(get(iir), none);
    EXPECT_FALSE(high);
    set(ier, 1);
    EXPECT_TRUE(high);
    EXPECT_EQ(get(iir), received);
}

TEST_F(UartTest, the_enable_register_keeps_four_bits) {
    set(ier, 0xff);
    EXPECT_EQ(get(ier), 0x0fu);
    set(ier, 0);
    EXPECT_EQ(get(ier), 0u);
}

TEST_F(UartTest, the_divisor_lies_behind_its_latch) {
    set(ier, 5);
    type("x");
    set(lcr, 0x83);
    EXPECT_EQ(get(data) | get(ier) << 8, 12u);
    set(data, 0x34);
    set(ier, 0x12);
    EXPECT_EQ(get(data) | get(ier) << 8, 0x1234u);
    EXPECT_EQ(output, "");
    set(lcr, 0x03);
    EXPECT_EQ(get(ier), 5u);
    EXPECT_EQ(get(data), static_cast<std::uint64_t>('x'));
}

TEST_F(UartTest, scratch_line_and_modem_control_are_kept) {
    set(scr, 0xa5);
    set(lcr, 0x1b);
    set(mcr, 0xef);
    EXPECT_EQ(get(scr), 0xa5u);
    EXPECT_EQ(get(lcr), 0x1bu);
    EXPECT_EQ(get(mcr), 0x0fu);
}

TEST_F(UartTest, loopback_gives_back_bytes_and_modem_lines) {
    set(mcr, 0x10 | 0x0a); // as drivers probe
    EXPECT_EQ(get(msr) & 0xf0, 0x90u);
    set(mcr, 0x10 | 0x05);
    EXPECT_EQ(get(msr) & 0xf0, 0x60u);
    set(data, 'x');
    EXPECT_EQ(output, "");
    EXPECT_EQ(get(lsr), 0x61u);
    EXPECT_EQ(get(data), static_cast<std::uint64_t>('x'));
    set(mcr, 0);
    set(data, 'y');
    EXPECT_EQ(output, "y");
}

TEST_F(UartTest, an_overrun_loses_the_unread_byte_without_fifos_and_the_new_one_with_them) {
    set(mcr, 0x10);
    set(data, 'a');
    set(data, 'b');
    EXPECT_EQ(get(lsr), 0x63u);
    EXPECT_EQ(get(data), static_cast<std::uint64_t>('b'));
    set(fcr, 1);
    for (const char each : std::string_view{"0123456789abcdef!"})
        set(data, static_cast<std::uint8_t>(each));
    EXPECT_EQ(get(lsr), 0x63u);
    for (const char expected : std::string_view{"0123456789abcdef"})
        EXPECT_EQ(get(data), static_cast<std::uint64_t>(expected));
    EXPECT_EQ(get(lsr), 0x60u);
}

TEST_F(UartTest, clearing_the_fifo_or_changing_its_mode_forgets_input_and_asks_for_more) {
    set(fcr, 1);
    type("0123456789abcdef");
    readies = 0;
    set(fcr, 3);
    EXPECT_EQ(uart.room(), 16u);
    EXPECT_EQ(get(lsr), 0x60u);
    EXPECT_EQ(readies, 1u);
    type("x");
    set(fcr, 5); // the transmitter's
    EXPECT_EQ(uart.room(), 15u);
    set(fcr, 0);
    EXPECT_EQ(uart.room(), 1u);
    EXPECT_EQ(get(lsr), 0x60u);
}

TEST_F(UartTest, any_width_reaches_the_one_register_at_its_offset) {
    for (const unsigned width : {1u, 2u, 4u, 8u}) {
        uart.write(scr, width, 0xffff'ffff'ffff'ff00 | width);
        EXPECT_EQ(uart.read(scr, width), width);
        EXPECT_EQ(uart.read(lsr, width), 0x60u);
    }
    type("ab");
    EXPECT_EQ(uart.read(data, 8), static_cast<std::uint64_t>('a'));
}

TEST_F(UartTest, registers_that_are_read_only_or_not_there_do_nothing) {
    for (const std::uint64_t offset : {lsr, msr, std::uint64_t{8}, std::uint64_t{0xff}})
        set(offset, 0xff);
    EXPECT_EQ(get(lsr), 0x60u);
    EXPECT_EQ(get(msr), 0xb0u);
    EXPECT_EQ(get(8) + get(0xff), 0u);
}
