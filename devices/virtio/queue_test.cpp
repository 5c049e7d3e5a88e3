// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "devices/virtio/queue_driver.hpp"

namespace {

using namespace devices;
using namespace devices::virtio;
using namespace devices::virtio::test;

constexpr std::uint64_t all_features = feature::common;
constexpr std::uint64_t plain = feature::version_1;

struct QueueTest : testing::Test {
    Ram memory;
    GuestRam ram = memory.view();
    QueueDriver driver{memory, 0, 16};
    Queue queue;

    void begin(std::uint64_t features = all_features) { ASSERT_TRUE(queue.start(ram, driver.layout(), features)); }
    /// The driver did something wrong: the device gets nothing, now and later.
    void expect_refused(QueueError error) {
        EXPECT_FALSE(queue.take());
        EXPECT_EQ(queue.error(), error);
        EXPECT_FALSE(queue.running());
        driver.add({{Ram::buffer(0), 1}});
        EXPECT_FALSE(queue.take());
        EXPECT_EQ(driver.used_index(), 0);
    }
};

TEST_F(QueueTest, AChainComesInItsOrderReadablePartsFirst) {
    begin();
    driver.add({{Ram::buffer(0), 10}, {Ram::buffer(100), 20}, {Ram::buffer(200), 30, true}});
    const auto chain = queue.take();
    ASSERT_TRUE(chain);
    ASSERT_EQ(chain->readable.size(), 2u);
    EXPECT_EQ(chain->readable[0].address, Ram::buffer(0));
    EXPECT_EQ(chain->readable[1].address, Ram::buffer(100));
    EXPECT_EQ(chain->readable[1].bytes, 20u);
    ASSERT_EQ(chain->writable.size(), 1u);
    EXPECT_EQ(chain->writable[0].bytes, 30u);
    EXPECT_FALSE(queue.take());
    EXPECT_FALSE(queue.error());
}

TEST_F(QueueTest, WhatIsGivenBackIsInTheUsedRing) {
    begin();
    driver.add({{Ram::buffer(0), 10, true}});
    driver.add({{Ram::buffer(0), 10, true}});
    const auto first = queue.take()->head, second = queue.take()->head;
    queue.give_back(second, 7); // in any order
    queue.give_back(first, 0);
    EXPECT_EQ(driver.harvest(), (std::vector<Used>{{second, 7}, {first, 0}}));
    EXPECT_EQ(queue.in_flight(), 0);
}

TEST_F(QueueTest, ABufferIsGivenBackOnce) {
    begin();
    driver.add({{Ram::buffer(0), 10, true}});
    const auto head = queue.take()->head;
    queue.give_back(head, 0);
    queue.give_back(head, 0);
    EXPECT_EQ(driver.used_index(), 1);
}

TEST_F(QueueTest, IndicesWrapAroundWithoutLoss) {
    begin();
    for (unsigned round = 0; round < 70'000; ++round) {
        driver.add({{Ram::buffer(0), 1 + round % 5, true}});
        const auto chain = queue.take();
        ASSERT_TRUE(chain);
        queue.give_back(chain->head, round);
        ASSERT_EQ(driver.harvest(), (std::vector<Used>{{chain->head, round}}));
    }
}

TEST_F(QueueTest, AnIndirectTableCanBeAsLongAsTheQueue) {
    begin();
    driver.make_available(driver.indirect_chain(Ram::buffer(0x1000), std::vector<Buffer>(16, {Ram::buffer(0), 4})));
    const auto chain = queue.take();
    ASSERT_TRUE(chain);
    EXPECT_EQ(chain->readable.size(), 16u);
}

TEST_F(QueueTest, AnIndirectTableMayFollowOrdinaryDescriptors) {
    begin();
    driver.write_descriptor(Ram::buffer(0x1000), Ram::buffer(8), 2, flag_write, 0);
    driver.descriptor(0, Ram::buffer(0), 1, flag_next, 1);
    driver.descriptor(1, Ram::buffer(0x1000), 16, flag_indirect | flag_write); // this write flag means nothing
    driver.make_available(0);
    const auto chain = queue.take();
    ASSERT_TRUE(chain);
    EXPECT_EQ(chain->readable.size(), 1u);
    EXPECT_EQ(chain->writable.size(), 1u);
}

TEST_F(QueueTest, BuffersWithoutBytesAreLeftOut) {
    begin();
    driver.add({{{0}, 0}, {Ram::buffer(0), 5}, {{~0ull}, 0, true}});
    const auto chain = queue.take();
    ASSERT_TRUE(chain);
    EXPECT_EQ(chain->readable.size(), 1u);
    EXPECT_EQ(chain->writable.size(), 0u);
}

TEST_F(QueueTest, ADescriptorChangedAfterItWasReadChangesNothing) {
    begin();
    driver.add({{Ram::buffer(0), 10, true}});
    const auto chain = queue.take();
    driver.descriptor(chain->head, {0}, ~0u, 0);
    EXPECT_EQ(chain->writable[0].address, Ram::buffer(0));
    EXPECT_EQ(chain->writable[0].bytes, 10u);
}

TEST_F(QueueTest, AChainLongerThanTheQueueIsRefused) {
    begin();
    driver.make_available(driver.indirect_chain(Ram::buffer(0x1000), std::vector<Buffer>(17, {Ram::buffer(0), 4})));
    expect_refused(QueueError::ChainTooLong);
}

TEST_F(QueueTest, ALoopIsRefused) {
    begin();
    driver.descriptor(0, Ram::buffer(0), 1, flag_next, 1);
    driver.descriptor(1, Ram::buffer(0), 1, flag_next, 0);
    driver.make_available(0);
    expect_refused(QueueError::ChainTooLong);
}

TEST_F(QueueTest, ALoopOfEmptyBuffersIsRefused) {
    begin();
    driver.descriptor(0, Ram::buffer(0), 0, flag_next, 0);
    driver.make_available(0);
    expect_refused(QueueError::ChainTooLong);
}

TEST_F(QueueTest, ABufferOutsideRamIsRefused) {
    for (const Buffer buffer : {Buffer{{0}, 1}, Buffer{Ram::at(Ram::bytes), 1}, Buffer{Ram::at(Ram::bytes - 1), 2},
                                Buffer{{~0ull}, 2}, Buffer{Ram::base, ~0u}, Buffer{{Ram::base.value - 1}, 2}}) {
        begin();
        driver = QueueDriver{memory, 0, 16};
        driver.add({buffer});
        expect_refused(QueueError::OutsideRam);
        queue.reset();
    }
}

TEST_F(QueueTest, ReadableAfterWritableIsRefused) {
    begin();
    driver.add({{Ram::buffer(0), 1, true}, {Ram::buffer(0), 1}});
    expect_refused(QueueError::ReadableAfterWritable);
}

TEST_F(QueueTest, AHeadThatIsNoDescriptorIsRefused) {
    begin();
    driver.make_available(16);
    expect_refused(QueueError::BadHead);
}

TEST_F(QueueTest, AHeadThatTheDeviceStillHasIsRefused) {
    begin();
    driver.add({{Ram::buffer(0), 1}});
    ASSERT_TRUE(queue.take());
    driver.make_available(0);
    expect_refused(QueueError::BadHead);
    queue.give_back(0, 0); // is only counted
    EXPECT_EQ(driver.used_index(), 0);
    EXPECT_FALSE(queue.ready());
}

TEST_F(QueueTest, ANextThatIsNoDescriptorIsRefused) {
    begin();
    driver.descriptor(0, Ram::buffer(0), 1, flag_next, 16);
    driver.make_available(0);
    expect_refused(QueueError::BadNext);
}

TEST_F(QueueTest, ANextBeyondAnIndirectTableIsRefused) {
    begin();
    driver.write_descriptor(Ram::buffer(0x1000), Ram::buffer(0), 1, flag_next, 1);
    driver.descriptor(0, Ram::buffer(0x1000), 16, flag_indirect);
    driver.make_available(0);
    expect_refused(QueueError::BadNext);
}

struct BadTable {
    GuestPhysical table;
    std::uint32_t length;
    std::uint16_t flags;
    QueueError error;
};

TEST_F(QueueTest, ABadIndirectTableIsRefused) {
    for (const BadTable& bad : {BadTable{Ram::buffer(0), 0, flag_indirect, QueueError::BadIndirect},
                                BadTable{Ram::buffer(0), 15, flag_indirect, QueueError::BadIndirect},
                                BadTable{Ram::buffer(0), 17, flag_indirect, QueueError::BadIndirect},
                                BadTable{Ram::buffer(0), 16, flag_indirect | flag_next, QueueError::BadIndirect},
                                BadTable{{0x1000}, 16, flag_indirect, QueueError::OutsideRam},
                                BadTable{{~0ull - 15}, 16, flag_indirect, QueueError::OutsideRam},
                                BadTable{Ram::at(Ram::bytes - 16), 32, flag_indirect, QueueError::OutsideRam}}) {
        begin();
        driver = QueueDriver{memory, 0, 16};
        driver.descriptor(0, bad.table, bad.length, bad.flags, 1);
        driver.make_available(0);
        expect_refused(bad.error);
        queue.reset();
    }
}

TEST_F(QueueTest, ATableInATableIsRefused) {
    begin();
    driver.write_descriptor(Ram::buffer(0x1000), Ram::buffer(0x1000), 16, flag_indirect, 0);
    driver.descriptor(0, Ram::buffer(0x1000), 16, flag_indirect);
    driver.make_available(0);
    expect_refused(QueueError::BadIndirect);
}

TEST_F(QueueTest, ATableThatWasNotNegotiatedIsRefused) {
    begin(plain);
    driver.make_available(driver.indirect_chain(Ram::buffer(0x1000), {{Ram::buffer(0), 4}}));
    expect_refused(QueueError::BadIndirect);
}

TEST_F(QueueTest, AnIndexTooFarAheadIsRefused) {
    begin();
    driver.set_available_index(17);
    expect_refused(QueueError::IndexAhead);
}

TEST_F(QueueTest, AnIndexThatGoesBackIsRefused) {
    begin();
    driver.set_available_index(0xffff);
    expect_refused(QueueError::IndexAhead);
}

TEST_F(QueueTest, ALayoutThatCannotBeIsRefused) {
    const QueueLayout good = driver.layout();
    std::vector<QueueLayout> layouts;
    for (const std::uint32_t size : {0u, 3u, 2u * usual_queue_size, 0x8000'0000u, ~0u})
        layouts.push_back({size, good.descriptors, good.driver, good.device});
    for (const GuestPhysical where : {GuestPhysical{0}, GuestPhysical{~0ull - 15}, Ram::at(Ram::bytes - 16)}) {
        layouts.push_back({16, where, good.driver, good.device});
        layouts.push_back({16, good.descriptors, where, good.device});
        layouts.push_back({16, good.descriptors, good.driver, where});
    }
    layouts.push_back({16, {good.descriptors.value + 8}, good.driver, good.device});
    layouts.push_back({16, good.descriptors, {good.driver.value + 1}, good.device});
    layouts.push_back({16, good.descriptors, good.driver, {good.device.value + 2}});
    for (const QueueLayout& layout : layouts) {
        EXPECT_FALSE(queue.start(ram, layout, all_features));
        EXPECT_EQ(queue.error(), QueueError::Layout);
        EXPECT_FALSE(queue.ready());
    }
}

TEST_F(QueueTest, RingsMayEndWithTheRam) {
    const QueueLayout layout{16, Ram::at(Ram::bytes - 256), Ram::at(Ram::bytes - 4 - 32 - 2), Ram::at(0)};
    EXPECT_TRUE(queue.start(ram, layout, all_features));
}

TEST_F(QueueTest, AnEmptyQueueAsksToBeNotifiedOfTheNextBuffer) {
    begin();
    for (std::uint16_t count = 0; count < 40; ++count) {
        EXPECT_FALSE(queue.take());
        EXPECT_EQ(driver.avail_event(), count);
        driver.add({{Ram::buffer(0), 1}});
        queue.give_back(queue.take()->head, 0);
    }
}

TEST_F(QueueTest, WithoutEventIndicesTheDriverSaysWhetherItWantsInterrupts) {
    begin(plain);
    EXPECT_FALSE(queue.interrupt_due()); // nothing was used
    driver.add({{Ram::buffer(0), 1}});
    queue.give_back(queue.take()->head, 0);
    EXPECT_TRUE(queue.interrupt_due());
    EXPECT_FALSE(queue.interrupt_due()); // once
    driver.set_available_flags(1);
    driver.add({{Ram::buffer(0), 1}});
    queue.give_back(queue.take()->head, 0);
    EXPECT_FALSE(queue.interrupt_due());
}

TEST_F(QueueTest, WithEventIndicesAnInterruptIsDueWhenTheUsedIndexPassesTheDrivers) {
    begin();
    for (unsigned wrap = 0; wrap < 0x1'0000; wrap += 4) {
        const auto base = static_cast<std::uint16_t>(wrap);
        driver.set_used_event(static_cast<std::uint16_t>(base + 2)); // wants the third
        for (unsigned count = 0; count < 4; ++count) {
            driver.add({{Ram::buffer(0), 1}});
            queue.give_back(queue.take()->head, 0);
            ASSERT_EQ(queue.interrupt_due(), count == 2) << base << " " << count;
        }
    }
}

TEST_F(QueueTest, OneInterruptServesABatch) {
    begin();
    driver.set_used_event(1);
    for (unsigned count = 0; count < 4; ++count)
        driver.add({{Ram::buffer(0), 1}});
    for (unsigned count = 0; count < 4; ++count)
        queue.give_back(queue.take()->head, 0);
    EXPECT_TRUE(queue.interrupt_due());
    EXPECT_FALSE(queue.interrupt_due());
}

TEST_F(QueueTest, AStoppedQueueIsReadyUntilTheDeviceHasGivenAllBack) {
    begin();
    driver.add({{Ram::buffer(0), 1}});
    driver.add({{Ram::buffer(0), 1}});
    const auto head = queue.take()->head;
    queue.stop();
    EXPECT_FALSE(queue.take());
    EXPECT_TRUE(queue.ready());
    queue.give_back(head, 1);
    EXPECT_FALSE(queue.ready());
    EXPECT_EQ(driver.used_index(), 0);
    EXPECT_FALSE(queue.interrupt_due());
}

}
