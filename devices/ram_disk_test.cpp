// SPDX-License-Identifier: Apache-2.0
#include "devices/ram_disk.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace devices;

class RamDiskTest : public testing::Test, protected Disk::Listener {
  protected:
    static constexpr GuestPhysical base{0x8000'0000};
    static constexpr std::uint64_t sectors = 4;

    RamDiskTest() {
        for (std::size_t i = 0; i < content.size(); ++i)
            content[i] = static_cast<std::byte>(i / sector_bytes + 1);
    }
    /// Whether the disk did it; it answers before `submit` returns.
    bool run(Disk& on, DiskRequest request) {
        request.token = ++token;
        answers = 0;
        EXPECT_TRUE(on.submit(request, *this));
        EXPECT_EQ(answers, 1u);
        return well;
    }
    bool move(Disk& on, DiskOperation operation, std::uint64_t first, const std::vector<Segment>& segments) {
        std::uint64_t bytes = 0;
        for (const Segment& segment : segments)
            bytes += segment.bytes;
        return run(on,
                   {.operation = operation, .sector = first, .sectors = bytes / sector_bytes, .segments = segments});
    }
    void disk_done(std::uint64_t which, bool is_well) override {
        EXPECT_EQ(which, token);
        ++answers;
        well = is_well;
    }
    /// What all bytes of a sector are; ~0 if they differ.
    unsigned sector_content(std::uint64_t which) const {
        const auto bytes = std::span{content}.subspan(which * sector_bytes, sector_bytes);
        for (const std::byte each : bytes)
            if (each != bytes[0])
                return ~0u;
        return std::to_integer<unsigned>(bytes[0]);
    }

    std::vector<std::byte> memory = std::vector<std::byte>(8192),
                           content = std::vector<std::byte>(sectors * sector_bytes + 100);
    GuestRam ram{base, memory};
    RamDisk disk{ram, std::span{content}}, fixed{ram, std::span<const std::byte>{content}};
    std::uint64_t token = 0;
    unsigned answers = 0;
    bool well = false;
};

}

TEST_F(RamDiskTest, has_the_whole_sectors_of_its_content) {
    EXPECT_EQ(disk.sectors(), sectors);
    EXPECT_FALSE(disk.read_only());
    EXPECT_TRUE(disk.can_discard() && disk.can_write_zeroes());
    EXPECT_TRUE(fixed.read_only());
    EXPECT_FALSE(fixed.can_discard() || fixed.can_write_zeroes());
}

TEST_F(RamDiskTest, reads_into_segments_however_they_are_cut) {
    ASSERT_TRUE(move(disk, DiskOperation::Read, 1, {{base, 1}, {{base.value + 5000}, 511}, {{base.value + 1}, 512}}));
    EXPECT_EQ(memory[0], std::byte{2});
    EXPECT_EQ(memory[5510], std::byte{2});
    EXPECT_EQ(memory[5511], std::byte{0});
    EXPECT_EQ(memory[1], std::byte{3});
    EXPECT_EQ(memory[512], std::byte{3});
}

TEST_F(RamDiskTest, writes_what_segments_hold) {
    std::ranges::fill(memory, std::byte{0x77});
    ASSERT_TRUE(move(disk, DiskOperation::Write, 2, {{base, 500}, {{base.value + 1000}, 12}}));
    EXPECT_EQ(sector_content(1), 2u);
    EXPECT_EQ(sector_content(2), 0x77u);
    EXPECT_EQ(sector_content(3), 4u);
}

TEST_F(RamDiskTest, flushes_discards_and_writes_zeroes) {
    EXPECT_TRUE(run(disk, {.operation = DiskOperation::Flush}));
    EXPECT_TRUE(run(disk, {.operation = DiskOperation::Discard, .sector = 0, .sectors = 1}));
    EXPECT_TRUE(run(disk, {.operation = DiskOperation::WriteZeroes, .sector = 3, .sectors = 1}));
    EXPECT_EQ(sector_content(0) + sector_content(3), 0u);
    EXPECT_EQ(sector_content(1), 2u);
    EXPECT_EQ(sector_content(2), 3u);
    EXPECT_EQ(content[sectors * sector_bytes], std::byte{5}); // behind the last sector
}

TEST_F(RamDiskTest, that_is_read_only_changes_nothing) {
    EXPECT_FALSE(move(fixed, DiskOperation::Write, 0, {{base, 512}}));
    EXPECT_FALSE(run(fixed, {.operation = DiskOperation::Discard, .sector = 0, .sectors = 1}));
    EXPECT_FALSE(run(fixed, {.operation = DiskOperation::WriteZeroes, .sector = 0, .sectors = 1}));
    EXPECT_EQ(sector_content(0), 1u);
    EXPECT_TRUE(move(fixed, DiskOperation::Read, 0, {{base, 512}}));
    EXPECT_TRUE(run(fixed, {.operation = DiskOperation::Flush}));
}

TEST_F(RamDiskTest, requests_beyond_its_end_fail) {
    const std::vector<Segment> one{{base, 512}};
    for (const std::uint64_t first : {sectors, sectors + 1, ~std::uint64_t{0}})
        EXPECT_FALSE(move(disk, DiskOperation::Read, first, one));
    EXPECT_FALSE(move(disk, DiskOperation::Read, sectors - 1, {{base, 1024}}));
    EXPECT_FALSE(run(disk, {.operation = DiskOperation::WriteZeroes, .sector = 1, .sectors = ~std::uint64_t{0}}));
    EXPECT_EQ(sector_content(1), 2u);
}

TEST_F(RamDiskTest, segments_that_are_not_ram_or_do_not_fit_their_sectors_fail) {
    EXPECT_FALSE(move(disk, DiskOperation::Read, 0, {{{base.value + 8000}, 512}}));
    EXPECT_FALSE(move(disk, DiskOperation::Write, 0, {{{base.value - 1}, 512}}));
    const std::vector<Segment> long_one{{base, 513}}, short_one{{base, 511}};
    EXPECT_FALSE(run(disk, {.operation = DiskOperation::Read, .sector = 0, .sectors = 1, .segments = long_one}));
    EXPECT_FALSE(run(disk, {.operation = DiskOperation::Read, .sector = 0, .sectors = 1, .segments = short_one}));
}
