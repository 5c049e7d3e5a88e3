// SPDX-License-Identifier: Apache-2.0
#include "monitors/machine/bus.hpp"

#include <gtest/gtest.h>

#include "monitors/machine/map.hpp"

namespace {

struct Nothing final : devices::Device {
    std::uint64_t read(std::uint64_t, unsigned) override { return 0; }
    void write(std::uint64_t, unsigned, std::uint64_t) override {}
};

}

TEST(Bus, finds_the_window_in_which_all_of_an_access_lies) {
    Nothing first, second;
    machine::Bus bus;
    bus.add({{0x1000}, 0x100}, first);
    bus.add({{0x1100}, 0x100}, second);
    ASSERT_NE(bus.find({0x1000}, 8), nullptr);
    EXPECT_EQ(bus.find({0x1000}, 8)->device, &first);
    EXPECT_EQ(bus.find({0x10ff}, 1)->device, &first);
    EXPECT_EQ(bus.find({0x1100}, 1)->device, &second);
    EXPECT_EQ(bus.find({0x11f8}, 8)->device, &second);
}

TEST(Bus, no_device_answers_what_is_outside_or_reaches_over_an_end) {
    Nothing device;
    machine::Bus bus;
    EXPECT_EQ(bus.find({0x1000}, 1), nullptr);
    bus.add({{0x1000}, 0x100}, device);
    bus.add({{~std::uint64_t{0} - 0xff}, 0x100}, device);
    EXPECT_EQ(bus.find({0xfff}, 1), nullptr);
    EXPECT_EQ(bus.find({0xfff}, 2), nullptr);
    EXPECT_EQ(bus.find({0x10ff}, 2), nullptr);
    EXPECT_EQ(bus.find({0x10fc}, 8), nullptr);
    EXPECT_EQ(bus.find({0x1100}, 1), nullptr);
    EXPECT_EQ(bus.find({~std::uint64_t{0}}, 2), nullptr);
    EXPECT_NE(bus.find({~std::uint64_t{0}}, 1), nullptr);
}

TEST(Bus, the_machine_s_windows_do_not_overlap_and_are_not_ram) {
    using namespace machine::map;
    std::vector<GuestRange> windows{test, rtc, plic, uart};
    for (std::size_t slot = 0; slot < virtio_slots; ++slot)
        windows.push_back(virtio(slot));
    for (std::size_t one = 0; one < windows.size(); ++one) {
        EXPECT_LE(windows[one].first.value + windows[one].bytes, ram.value);
        for (std::size_t other = one + 1; other < windows.size(); ++other)
            EXPECT_FALSE(windows[one].overlaps(windows[other])) << one << " " << other;
    }
}

TEST(Bus, windows_are_found_in_whatever_order_they_came_and_after_any_other) {
    Nothing low, middle, high;
    machine::Bus bus;
    bus.add({{0x3000}, 0x100}, high);
    bus.add({{0x1000}, 0x1000}, low);
    bus.add({{0x2000}, 0x1000}, middle, true);
    EXPECT_EQ(bus.find({0x30f8}, 8)->device, &high);
    EXPECT_EQ(bus.find({0x1fff}, 1)->device, &low);
    EXPECT_EQ(bus.find({0x1fff}, 2), nullptr);
    EXPECT_EQ(bus.find({0x2000}, 8)->device, &middle);
    EXPECT_TRUE(bus.find({0x2fff}, 1)->virtio);
    EXPECT_EQ(bus.find({0}, 1), nullptr);
    EXPECT_FALSE(bus.find({0x1000}, 4)->virtio);
}
