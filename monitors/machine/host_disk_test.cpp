// SPDX-License-Identifier: Apache-2.0
#include "monitors/machine/host_disk.hpp"

#include <gtest/gtest.h>

#include "tests/fake/host_device.hpp"

namespace {

using devices::DiskOperation;

constexpr std::uint32_t read_only = 1 << 5, flush = 1 << 9, discard = 1 << 13, write_zeroes = 1 << 14;

class HostDiskTest : public testing::Test, protected devices::Disk::Listener {
  protected:
    void disk_done(std::uint64_t token, bool well) override { done.push_back({token, well}); }
    bool submit(machine::HostDisk& disk, DiskOperation operation, std::uint64_t token,
                const std::vector<devices::Segment>& segments = {}) {
        return disk.submit({.operation = operation, .sector = 7, .sectors = 1, .segments = segments, .token = token},
                           *this);
    }
    bool read(machine::HostDisk& disk, std::uint64_t token) {
        return submit(disk, DiskOperation::Read, token, {{HostDevice::guest_base, 512}});
    }
    std::vector<std::pair<std::uint64_t, bool>> done;
};

using Done = std::vector<std::pair<std::uint64_t, bool>>;

}

TEST_F(HostDiskTest, takes_the_device_s_size_and_features) {
    HostDevice device{discard | flush, 0x1'2345'6789};
    const auto disk = device.open();
    ASSERT_TRUE(disk);
    EXPECT_EQ(disk->sectors(), 0x1'2345'6789u);
    EXPECT_TRUE(disk->can_discard());
    EXPECT_FALSE(disk->can_write_zeroes() || disk->read_only());
}

TEST_F(HostDiskTest, refuses_what_is_no_modern_block_device) {
    for (const auto& [which, value] : {std::pair<std::size_t, std::uint32_t>{HostDevice::Magic, 0},
                                       {HostDevice::Version, 1},
                                       {HostDevice::DeviceId, 0},
                                       {HostDevice::DeviceFeatures, flush},
                                       {HostDevice::QueueSizeMax, 256}}) {
        HostDevice device{flush};
        device.set(which, value);
        const auto disk = device.open();
        ASSERT_FALSE(disk);
        EXPECT_EQ(disk.error(), abi::Error::Unsupported);
    }
}

TEST_F(HostDiskTest, a_read_is_a_chain_of_header_data_and_status) {
    HostDevice device{flush};
    auto disk = device.open();
    ASSERT_TRUE(disk);
    ASSERT_TRUE(submit(*disk, DiskOperation::Read, 1,
                       {{HostDevice::guest_base, 100}, {{HostDevice::guest_base.value + 4096}, 412}}));
    ASSERT_EQ(device.available_index(), 1);
    const auto chain = device.chain(device.available(0));
    ASSERT_EQ(chain.size(), 4u);
    EXPECT_EQ(chain[0].bytes, 16u);
    std::uint64_t header[2];
    std::memcpy(header, device.memory(chain[0].address, 16), sizeof header);
    EXPECT_EQ(header[0], 0u);
    EXPECT_EQ(header[1], 7u);
    EXPECT_EQ(chain[1].address, HostDevice::ram.first.value);
    EXPECT_EQ(chain[1].bytes, 100u);
    EXPECT_EQ(chain[2].address, HostDevice::ram.first.value + 4096);
    EXPECT_EQ(chain[0].flags, 1);
    EXPECT_EQ(chain[1].flags & chain[2].flags, 3);
    EXPECT_EQ(chain[3].flags, 2);
}

TEST_F(HostDiskTest, the_device_is_told_of_requests_together) {
    HostDevice device{flush};
    auto disk = device.open();
    ASSERT_TRUE(disk);
    constexpr std::uint32_t untold = 7;
    device.set(HostDevice::QueueNotify, untold);
    ASSERT_TRUE(read(*disk, 1) && read(*disk, 2));
    EXPECT_EQ(device.get(HostDevice::QueueNotify), untold);
    disk->commit();
    EXPECT_EQ(device.get(HostDevice::QueueNotify), 0u);
    device.set(HostDevice::QueueNotify, untold);
    disk->commit(); // there is nothing new
    EXPECT_EQ(device.get(HostDevice::QueueNotify), untold);
}

TEST_F(HostDiskTest, the_largest_request_fits) {
    HostDevice device{flush};
    auto disk = device.open();
    ASSERT_TRUE(disk);
    const std::vector<devices::Segment> most(devices::DiskRequest::segment_limit, {HostDevice::guest_base, 512});
    EXPECT_TRUE(submit(*disk, DiskOperation::Read, 1, most));
    EXPECT_EQ(device.chain(device.available(0)).size(), most.size() + 2);
    EXPECT_FALSE(read(*disk, 2));
    device.finish(device.available(0), 0);
    disk->interrupt();
    EXPECT_EQ(done, (Done{{1, true}}));
    EXPECT_TRUE(read(*disk, 2));
}

TEST_F(HostDiskTest, a_status_that_is_not_0_is_an_error) {
    HostDevice device{flush};
    auto disk = device.open();
    ASSERT_TRUE(disk);
    for (const std::uint64_t token : {10u, 11u, 12u, 13u})
        ASSERT_TRUE(read(*disk, token));
    device.finish(device.available(2), 0);
    device.finish(device.available(0), 1);
    device.finish(device.available(3), 2);
    disk->interrupt();
    EXPECT_EQ(done, (Done{{12, true}, {10, false}, {13, false}}));
    device.use(device.available(1)); // says that it is done, but wrote no status
    disk->interrupt();
    EXPECT_EQ(done.back(), (std::pair<std::uint64_t, bool>{11, false}));
    EXPECT_EQ(device.device.acknowledged, 2u);
}

TEST_F(HostDiskTest, a_flush_that_the_device_does_not_know_is_done_at_once) {
    HostDevice device{0};
    auto disk = device.open();
    ASSERT_TRUE(disk);
    EXPECT_TRUE(submit(*disk, DiskOperation::Flush, 5));
    EXPECT_EQ(done, (Done{{5, true}}));
    EXPECT_EQ(device.available_index(), 0);
}

TEST_F(HostDiskTest, a_full_ring_takes_more_after_an_answer) {
    HostDevice device{flush | read_only};
    auto disk = device.open();
    ASSERT_TRUE(disk);
    std::uint64_t taken = 0;
    while (read(*disk, taken))
        ++taken;
    EXPECT_EQ(taken, HostDevice::queue_size / 3);
    device.finish(device.available(40), 0);
    disk->interrupt();
    EXPECT_EQ(done, (Done{{40, true}}));
    EXPECT_TRUE(read(*disk, 1000));
    EXPECT_FALSE(read(*disk, 1001));
}

TEST_F(HostDiskTest, a_broken_device_s_answers_to_nothing_are_not_heard) {
    HostDevice device{flush | write_zeroes};
    auto disk = device.open();
    ASSERT_TRUE(disk);
    ASSERT_TRUE(read(*disk, 1));
    const std::uint16_t head = device.available(0);
    for (const std::uint32_t id : {511u, 512u, 0xffff'ffffu, head + 1u})
        device.use(id);
    device.finish(head, 0);
    device.finish(head, 0); // once more
    disk->interrupt();
    EXPECT_EQ(done, (Done{{1, true}}));
    EXPECT_TRUE(read(*disk, 2));
}

TEST_F(HostDiskTest, a_broken_device_s_index_costs_one_round_at_most) {
    HostDevice device{flush};
    auto disk = device.open();
    ASSERT_TRUE(disk);
    device.at<std::uint16_t>(HostDevice::QueueDevice, 2) = 0xffff;
    disk->interrupt();
    EXPECT_TRUE(done.empty());
    EXPECT_EQ(device.device.acknowledged, 1u);
}
