// SPDX-License-Identifier: Apache-2.0
#include "devices/goldfish_rtc.hpp"

#include <gtest/gtest.h>

namespace {

using devices::GoldfishRtc;

constexpr std::uint64_t time_low = 0x00, time_high = 0x04, alarm_low = 0x08, alarm_high = 0x0c,
                        interrupt_enabled = 0x10, clear_alarm = 0x14, alarm_status = 0x18, clear_interrupt = 0x1c;

/// A clock that a test sets, and a line that it sees.
class RtcTest : public testing::Test, protected GoldfishRtc::Clock, protected devices::InterruptController {
  protected:
    std::uint64_t get(std::uint64_t offset) { return rtc.read(offset, 4); }
    void set(std::uint64_t offset, std::uint64_t value) { rtc.write(offset, 4, value & 0xffff'ffff); }
    std::uint64_t time() {
        const std::uint64_t low = get(time_low);
        return get(time_high) << 32 | low;
    }
    void set_time(std::uint64_t time) {
        set(time_high, time >> 32);
        set(time_low, time);
    }
    void set_alarm(std::uint64_t time) {
        set(alarm_high, time >> 32);
        set(alarm_low, time);
    }

    std::uint64_t now() override { return clock; }
    void alarm_changed() override { ++changes; }
    void set_level(std::uint32_t, bool level) override { high = level; }

    static constexpr std::uint64_t start = 0x1234'5678'9abc'def0;
    std::uint64_t clock = start;
    unsigned changes = 0;
    bool high = false;
    GoldfishRtc rtc{*this, {*this, 11}};
};

}

TEST_F(RtcTest, tells_the_clock_s_time) {
    EXPECT_EQ(time(), start);
    clock += 1000;
    EXPECT_EQ(time(), start + 1000);
}

TEST_F(RtcTest, reading_the_low_half_keeps_the_high_one_that_belongs_to_it) {
    clock = 0x1'ffff'ffff;
    EXPECT_EQ(get(time_low), 0xffff'ffffu);
    clock = 0x2'0000'0000;
    EXPECT_EQ(get(time_high), 1u);
}

TEST_F(RtcTest, a_guest_sets_its_time_beginning_with_either_half) {
    constexpr std::uint64_t wanted = 0x0fed'cba9'8765'4321;
    set_time(wanted);
    clock += 5;
    EXPECT_EQ(time(), wanted + 5);
    clock -= 5;
    set_time(start);
    set(time_low, wanted);
    set(time_high, wanted >> 32);
    EXPECT_EQ(time(), wanted);
    set(time_low, 7); // the other half stays
    EXPECT_EQ(time(), 0x0fed'cba9'0000'0007u);
}

TEST_F(RtcTest, an_alarm_interrupts_when_its_time_has_come) {
    set(interrupt_enabled, 1);
    set_alarm(start + 100);
    EXPECT_EQ(get(alarm_status), 1u);
    EXPECT_EQ(rtc.deadline(), start + 100);
    EXPECT_GT(changes, 0u);
    clock = start + 99;
    rtc.tick();
    EXPECT_FALSE(high);
    clock = start + 100;
    rtc.tick();
    EXPECT_TRUE(high);
    EXPECT_EQ(get(alarm_status), 0u);
    EXPECT_EQ(rtc.deadline(), GoldfishRtc::no_alarm);
    set(clear_interrupt, 1);
    EXPECT_FALSE(high);
    rtc.tick();
    EXPECT_FALSE(high);
}

TEST_F(RtcTest, an_alarm_in_the_past_interrupts_at_once) {
    set(interrupt_enabled, 1);
    set_alarm(start - 1);
    EXPECT_TRUE(high);
    EXPECT_EQ(get(alarm_status), 0u);
}

TEST_F(RtcTest, an_alarm_that_is_cleared_does_not_come) {
    set(interrupt_enabled, 1);
    set_alarm(start + 100);
    set(clear_alarm, 1);
    EXPECT_EQ(get(alarm_status), 0u);
    EXPECT_EQ(rtc.deadline(), GoldfishRtc::no_alarm);
    clock += 1000;
    rtc.tick();
    EXPECT_FALSE(high);
}

TEST_F(RtcTest, an_interrupt_waits_until_it_is_enabled) {
    set_alarm(start);
    EXPECT_FALSE(high);
    set(interrupt_enabled, 0xffff'fffe); // only bit 0 counts
    EXPECT_FALSE(high);
    set(interrupt_enabled, 1);
    EXPECT_TRUE(high);
    EXPECT_EQ(get(interrupt_enabled), 1u);
    set(interrupt_enabled, 0);
    EXPECT_FALSE(high);
}

TEST_F(RtcTest, the_alarm_can_be_read_back) {
    set(alarm_high, 0xdead'beef);
    EXPECT_EQ(get(alarm_high), 0xdead'beefu);
    EXPECT_EQ(get(alarm_status), 0u); // the low half arms
    set(alarm_low, 0x1357'9bdf);
    EXPECT_EQ(get(alarm_low), 0x1357'9bdfu);
    EXPECT_EQ(get(alarm_status), 1u);
}

TEST_F(RtcTest, an_alarm_follows_the_time_that_is_set) {
    set(interrupt_enabled, 1);
    set_alarm(start + 1000);
    set_time(start + 900);
    EXPECT_EQ(rtc.deadline(), clock + 100);
    set_time(start + 2000);
    EXPECT_TRUE(high);
}

TEST_F(RtcTest, an_alarm_that_is_due_goes_off_however_late_it_is_looked_at) {
    constexpr std::uint64_t end = ~std::uint64_t{0};
    set(interrupt_enabled, 1);
    set_time(end - 100);
    set_alarm(end - 10);
    EXPECT_EQ(rtc.deadline(), clock + 90);
    clock += 200; // the guest's time has begun anew
    EXPECT_LE(rtc.deadline(), clock);
    rtc.tick();
    EXPECT_TRUE(high);
    EXPECT_EQ(rtc.deadline(), GoldfishRtc::no_alarm);
}

TEST_F(RtcTest, an_alarm_beyond_the_end_of_the_clock_never_comes) {
    set_time(0);
    set_alarm(~std::uint64_t{0} - 1);
    EXPECT_EQ(get(alarm_status), 1u);
    EXPECT_EQ(rtc.deadline(), GoldfishRtc::no_alarm);
}

TEST_F(RtcTest, accesses_that_are_no_aligned_word_of_a_register_read_as_zero_and_change_nothing) {
    for (const unsigned width : {1u, 2u, 8u}) {
        rtc.write(interrupt_enabled, width, 1);
        rtc.write(time_low, width, 1);
        EXPECT_EQ(rtc.read(time_low, width), 0u);
    }
    for (const std::uint64_t offset : {0x1u, 0x2u, 0x11u, 0x20u, 0xffcu}) {
        set(offset, 1);
        EXPECT_EQ(get(offset), 0u) << offset;
    }
    EXPECT_EQ(get(clear_alarm) + get(clear_interrupt) + get(interrupt_enabled), 0u);
    EXPECT_EQ(time(), start);
}

TEST_F(RtcTest, after_a_reset_nothing_is_left) {
    set_time(5);
    set(interrupt_enabled, 1);
    set_alarm(1);
    EXPECT_TRUE(high);
    rtc.reset();
    EXPECT_FALSE(high);
    EXPECT_EQ(get(alarm_low) + get(alarm_high) + get(interrupt_enabled) + get(alarm_status), 0u);
    EXPECT_EQ(time(), start);
}
