// SPDX-License-Identifier: Apache-2.0
#include "nucleus/handle_table.hpp"

#include <gtest/gtest.h>

using abi::Error;
using abi::Kind;
using abi::Rights;

namespace {

Capability event(std::uint64_t serial, Rights rights = Rights::All) {
    return {Kind::Event, rights, 0x1000, serial};
}

TEST(HandleTable, NeverGivesSlotZero) {
    HandleTable table;
    EXPECT_EQ(table.add(event(1)), 1u);
    EXPECT_EQ(table.find(0, Kind::None, Rights::None).error(), Error::BadHandle);
}

TEST(HandleTable, GivesTheLowestFreeSlot) {
    HandleTable table;
    for (std::uint64_t slot = 1; slot < 10; ++slot)
        EXPECT_EQ(table.add(event(slot)), slot);
    table.close(7);
    table.close(3);
    EXPECT_EQ(table.add(event(11)), 3u);
    EXPECT_EQ(table.add(event(12)), 7u);
    EXPECT_EQ(table.add(event(13)), 10u);
}

TEST(HandleTable, IsFullAfterItsSlotsAndHasRoomAgainAfterAClose) {
    HandleTable table;
    for (std::uint64_t slot = 1; slot < abi::handle_slots; ++slot)
        ASSERT_EQ(table.add(event(slot)), slot);
    EXPECT_EQ(table.add(event(1)).error(), Error::OutOfHandles);
    table.close(100);
    EXPECT_EQ(table.add(event(1)), 100u);
}

TEST(HandleTable, FindsOnlyTheRightKindWithTheRights) {
    HandleTable table;
    const auto slot = table.add(event(42, Rights::Signal));
    ASSERT_TRUE(slot);
    EXPECT_EQ(table.find(*slot, Kind::Event, Rights::Signal)->extent, 42u);
    EXPECT_EQ(table.find(*slot, Kind::None, Rights::None)->value, 0x1000u);
    EXPECT_EQ(table.find(*slot, Kind::Process, Rights::None).error(), Error::BadHandle);
    EXPECT_EQ(table.find(*slot, Kind::Event, Rights::Wait).error(), Error::BadRights);
    EXPECT_EQ(table.find(*slot, Kind::Event, Rights::Signal | Rights::Wait).error(), Error::BadRights);
    table.close(*slot);
    EXPECT_EQ(table.find(*slot, Kind::Event, Rights::Signal).error(), Error::BadHandle);
}

TEST(HandleTable, RefusesNumbersOutsideOfIt) {
    const HandleTable table;
    for (const abi::Handle wild :
         {abi::Handle{254}, abi::Handle{255}, abi::Handle{256}, ~abi::Handle{0}, abi::Handle{1} << 63})
        EXPECT_EQ(table.find(wild, Kind::None, Rights::None).error(), Error::BadHandle);
}

}
