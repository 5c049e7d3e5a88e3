// SPDX-License-Identifier: Apache-2.0
#include "devices/virtio/block.hpp"

#include <gtest/gtest.h>

#include "devices/ram_disk.hpp"
#include "devices/virtio/queue_driver.hpp"

namespace {

using namespace devices;
using namespace devices::virtio;
using namespace devices::virtio::test;

constexpr std::uint64_t read_only_bit = 1 << 5, flush_bit = 1 << 9, discard_bit = 1 << 13, write_zeroes_bit = 1 << 14;
constexpr std::uint32_t in_type = 0, out_type = 1, flush_type = 4, get_id_type = 8, discard_type = 11,
                        write_zeroes_type = 13;
constexpr char ok = 0, io_error = 1, unsupported = 2, untouched = 0x55;

/// A disk that answers when it is told to.
class SlowDisk final : public Disk {
  public:
    struct Asked {
        DiskOperation operation;
        std::uint64_t sector, sectors, token;
        std::vector<Segment> segments;
        Listener* listener;
    };
    std::uint64_t sectors() const override { return 1000; }
    bool read_only() const override { return false; }
    bool can_discard() const override { return true; }
    bool can_write_zeroes() const override { return false; }
    bool submit(const DiskRequest& request, Listener& listener) override {
        ++tried;
        if (asked.size() >= room)
            return false;
        asked.push_back({request.operation,
                         request.sector,
                         request.sectors,
                         request.token,
                         {request.segments.begin(), request.segments.end()},
                         &listener});
        return true;
    }
    /// Answers the one at `index` of those that were asked.
    void answer(std::size_t index, bool well = true) {
        const Asked one = asked[index];
        asked.erase(asked.begin() + static_cast<std::ptrdiff_t>(index));
        one.listener->disk_done(one.token, well);
    }
    std::vector<Asked> asked;
    std::size_t room = 100, tried = 0;
};

struct Bench {
    Ram memory;
    Line line;
    QueueDriver driver{memory, 0};
    GuestPhysical header = Ram::buffer(0), status_byte = Ram::buffer(0x40), data = Ram::buffer(0x1000);

    void put_header(std::uint32_t type, std::uint64_t sector, std::uint64_t offset = 0) const {
        memory.view().write(GuestPhysical{header.value + offset}, type);
        memory.view().write(GuestPhysical{header.value + offset + 8}, sector);
    }
    void expect_status(char expected, std::uint64_t offset = 0) const {
        EXPECT_EQ(memory.text({status_byte.value + offset}, 1)[0], expected);
    }
    /// Makes a request available, with places of its own for header and status if `number` says so.
    void add(std::uint32_t type, std::uint64_t sector, std::vector<Buffer> middle, std::uint64_t number = 0) {
        put_header(type, sector, number * 0x100);
        memory.put({status_byte.value + number * 0x100}, {&untouched, 1});
        middle.insert(middle.begin(), {GuestPhysical{header.value + number * 0x100}, 16});
        middle.push_back({GuestPhysical{status_byte.value + number * 0x100}, 1, true});
        driver.add(middle);
    }
};

struct RamDiskTest : testing::Test, Bench {
    std::vector<std::byte> content = std::vector<std::byte>(64 * 512 + 100, std::byte{'.'});
    RamDisk disk{memory.view(), std::span{content}};
    Block block{memory.view(), disk, "serial-of-the-disk-is-too-long"};
    Mmio mmio{block, line.line()};
    Registers registers{mmio};

    void SetUp() override { ASSERT_TRUE(registers.bring_up(memory, 1, registers.offered())); }
    char run(std::uint32_t type, std::uint64_t sector, const std::vector<Buffer>& middle) {
        add(type, sector, middle);
        registers.notify(0);
        EXPECT_FALSE(mmio.awaits_reset());
        return memory.text(status_byte, 1)[0];
    }
    char at(std::size_t offset) const { return static_cast<char>(content[offset]); }
};

TEST_F(RamDiskTest, TheConfigurationSpaceTellsWhatTheDiskCanDo) {
    EXPECT_EQ(registers.get(DeviceID), 2u);
    EXPECT_EQ(mmio.read(Config, 8), 64u);
    EXPECT_EQ(mmio.read(Config + 12, 4), 510u);
    EXPECT_EQ(mmio.read(Config + 34, 2), 1u);
    EXPECT_EQ(mmio.read(Config + 36, 4), Block::range_sectors_limit);
    EXPECT_EQ(mmio.read(Config + 40, 4), Block::range_limit);
    EXPECT_EQ(mmio.read(Config + 44, 4), 1u);
    EXPECT_EQ(mmio.read(Config + 48, 4), Block::range_sectors_limit);
    EXPECT_EQ(mmio.read(Config + 52, 4), Block::range_limit);
    EXPECT_EQ(mmio.read(Config + 56, 1), 0u);
    EXPECT_EQ(registers.offered() & 0xffff, 1u << 2 | flush_bit | discard_bit | write_zeroes_bit);
}

TEST_F(RamDiskTest, WhatIsWrittenCanBeRead) {
    memory.put(data, std::string(1024, 'w'));
    EXPECT_EQ(run(out_type, 3, {{data, 1024}}), ok);
    EXPECT_EQ(driver.harvest()[0].length, 1u);
    EXPECT_EQ(at(3 * 512 - 1), '.');
    EXPECT_EQ(at(3 * 512), 'w');
    EXPECT_EQ(at(5 * 512 - 1), 'w');
    EXPECT_EQ(at(5 * 512), '.');
    memory.put(data, std::string(2048, '-'));
    EXPECT_EQ(run(in_type, 3, {{data, 1024, true}}), ok);
    EXPECT_EQ(driver.harvest()[0].length, 1025u);
    EXPECT_EQ(memory.text(data, 1025), std::string(1024, 'w') + "-");
    EXPECT_TRUE(line.high);
}

TEST_F(RamDiskTest, WhatWasDoneWellIsCounted) {
    run(out_type, 1, {{data, 1024}});
    run(in_type, 0, {{data, 512, true}});
    run(in_type, 0, {{data, 512, true}});
    run(in_type, 64, {{data, 512, true}}); // fails
    run(out_type, 63, {{data, 1024}});     // fails
    run(get_id_type, 0, {{data, 20, true}});
    run(flush_type, 0, {});
    const Block::Done& done = block.done();
    EXPECT_EQ(done.reads, 2u);
    EXPECT_EQ(done.bytes_read, 1024u);
    EXPECT_EQ(done.writes, 1u);
    EXPECT_EQ(done.bytes_written, 1024u);
    EXPECT_EQ(done.others, 1u);
    registers.set(Status, 0);
    EXPECT_EQ(done.writes, 1u);
}

TEST_F(RamDiskTest, RequestsCanBeCutAnywhere) {
    put_header(out_type, 1);
    memory.put({header.value + 16}, std::string(512, 'c'));
    std::vector<Buffer> pieces;
    for (std::uint32_t offset = 0; offset < 528; offset += 11) // 48 pieces, the header ends within one
        pieces.push_back({{header.value + offset}, 11});
    pieces.push_back({{status_byte.value + 0x1000}, 1, true});
    driver.add(pieces);
    registers.notify(0);
    EXPECT_EQ(memory.text({status_byte.value + 0x1000}, 1)[0], ok);
    EXPECT_EQ(at(511), '.');
    EXPECT_EQ(at(512), 'c');
    EXPECT_EQ(at(1023), 'c');
    EXPECT_EQ(at(1024), '.');
}

TEST_F(RamDiskTest, TheStatusIsTheLastWritableByteWhereverItIs) {
    put_header(in_type, 0);
    driver.add({{header, 16}, {data, 500, true}, {{data.value + 500}, 13, true}});
    registers.notify(0);
    EXPECT_EQ(memory.text(data, 513), std::string(512, '.') + ok);
}

TEST_F(RamDiskTest, AnIndirectRequestIsOneToo) {
    put_header(in_type, 0);
    driver.make_available(
        driver.indirect_chain(Ram::buffer(0x8000), {{header, 16}, {data, 512, true}, {status_byte, 1, true}}));
    registers.notify(0);
    expect_status(ok);
    EXPECT_EQ(memory.text(data, 512), std::string(512, '.'));
}

TEST_F(RamDiskTest, SectorsThatAreNotThereAreAnError) {
    EXPECT_EQ(run(in_type, 63, {{data, 512, true}}), ok);
    EXPECT_EQ(run(in_type, 63, {{data, 1024, true}}), io_error);
    EXPECT_EQ(run(in_type, 64, {{data, 512, true}}), io_error);
    EXPECT_EQ(run(in_type, ~0ull, {{data, 512, true}}), io_error);
    EXPECT_EQ(run(in_type, ~0ull - 1, {{data, 2048, true}}), io_error);
    EXPECT_EQ(run(out_type, 64, {{data, 512}}), io_error);
    EXPECT_EQ(run(out_type, 1ull << 55, {{data, 512}}), io_error); // whose bytes would wrap
    EXPECT_EQ(driver.harvest().size(), 7u);
}

TEST_F(RamDiskTest, AFailedReadDoesNotClaimToHaveWritten) {
    run(in_type, 64, {{data, 512, true}});
    EXPECT_EQ(driver.harvest()[0].length, 0u);
}

TEST_F(RamDiskTest, DataThatIsNoWholeSectorIsAnError) {
    EXPECT_EQ(run(in_type, 0, {{data, 511, true}}), io_error);
    EXPECT_EQ(run(out_type, 0, {{data, 513}}), io_error);
    EXPECT_EQ(at(0), '.');
}

TEST_F(RamDiskTest, DataInMorePiecesThanADiskTakesIsAnError) {
    constexpr std::uint16_t larger = 512;
    ASSERT_TRUE(registers.bring_up(memory, 1, registers.offered(), larger));
    driver = QueueDriver{memory, 0, larger};
    EXPECT_EQ(run(in_type, 0, std::vector<Buffer>(384, {data, 4, true})), ok);
    EXPECT_EQ(run(in_type, 0, std::vector<Buffer>(510, {data, 512, true})), io_error); // more than the disk has
    put_header(in_type, 0); // with the status behind the last piece
    std::vector<Buffer> chain(511, {data, 4, true});
    chain.insert(chain.begin(), {header, 16});
    chain.back().length = 516 + 1;
    driver.add(chain);
    registers.notify(0);
    EXPECT_EQ(memory.text({data.value + 516}, 1)[0], io_error);
}

TEST_F(RamDiskTest, AHeaderThatIsTooShortIsAnError) {
    driver.add({{header, 15}, {status_byte, 1, true}});
    registers.notify(0);
    expect_status(io_error);
}

TEST_F(RamDiskTest, ARequestWithoutAPlaceForItsStatusNeedsAReset) {
    put_header(flush_type, 0);
    driver.add({{header, 16}});
    registers.notify(0);
    EXPECT_TRUE(mmio.awaits_reset());
    EXPECT_EQ(driver.used_index(), 0);
    registers.set(Status, 0);
    EXPECT_EQ(registers.get(Status), 0u); // nothing is left in flight
}

TEST_F(RamDiskTest, TheSerialIsCutToTwentyBytes) {
    memory.put(data, std::string(30, '-'));
    EXPECT_EQ(run(get_id_type, 0, {{data, 20, true}}), ok);
    EXPECT_EQ(memory.text(data, 21), "serial-of-the-disk-i-");
    EXPECT_EQ(driver.harvest()[0].length, 21u);
    memory.put(data, std::string(30, '-'));
    EXPECT_EQ(run(get_id_type, 0, {{data, 3, true}}), ok);
    EXPECT_EQ(memory.text(data, 4), "ser-");
    EXPECT_EQ(run(get_id_type, 0, {{data, 100, true}}), ok);
    EXPECT_EQ(driver.harvest()[1].length, 20u); // the status comes after a gap
}

TEST_F(RamDiskTest, UnknownRequestsAreUnsupported) {
    for (const std::uint32_t type : {2u, 3u, 14u, 0x8000'0000u, ~0u})
        EXPECT_EQ(run(type, 0, {{data, 512, true}}), unsupported) << type;
}

TEST_F(RamDiskTest, FlushIsAnswered) {
    EXPECT_EQ(run(flush_type, 0, {}), ok);
}

struct RangesTest : RamDiskTest {
    struct Range {
        std::uint64_t sector;
        std::uint32_t sectors, flags;
    };
    char run_ranges(std::uint32_t type, const std::vector<Range>& ranges, std::uint32_t extra = 0) {
        for (std::size_t index = 0; index < ranges.size(); ++index)
            memory.view().write(GuestPhysical{data.value + 16 * index}, ranges[index]);
        return run(type, 0, {{data, static_cast<std::uint32_t>(16 * ranges.size()) + extra}});
    }
};

TEST_F(RangesTest, ZeroesAreWrittenWhereTheyBelong) {
    EXPECT_EQ(run_ranges(write_zeroes_type, {{1, 1, 0}, {4, 2, 1}, {9, 0, 0}}), ok);
    for (std::size_t half = 0; half < 14; ++half)
        EXPECT_EQ(at(half * 256), half / 2 == 1 || half / 2 == 4 || half / 2 == 5 ? '\0' : '.') << half;
}

TEST_F(RangesTest, DiscardTakesAsManyRangesAsItSays) {
    EXPECT_EQ(run_ranges(discard_type, std::vector<Range>(Block::range_limit, {2, 1, 0})), ok);
    EXPECT_EQ(run_ranges(discard_type, std::vector<Range>(Block::range_limit + 1, {2, 1, 0})), io_error);
}

TEST_F(RangesTest, APayloadThatIsNotWholeRangesIsAnError) {
    EXPECT_EQ(run_ranges(discard_type, {}), io_error);
    EXPECT_EQ(run_ranges(discard_type, {{2, 1, 0}}, 1), io_error);
    EXPECT_EQ(run_ranges(write_zeroes_type, {}, 15), io_error);
}

TEST_F(RangesTest, FlagsThatMeanNothingAreUnsupported) {
    EXPECT_EQ(run_ranges(discard_type, {{2, 1, 1}}), unsupported); // unmap is for zeroes
    EXPECT_EQ(run_ranges(discard_type, {{2, 1, 2}}), unsupported);
    EXPECT_EQ(run_ranges(write_zeroes_type, {{2, 1, 2}}), unsupported);
    EXPECT_EQ(run_ranges(write_zeroes_type, {{2, 1, 0}, {2, 1, 0x8000'0000}}), unsupported);
    EXPECT_EQ(at(2 * 512), '.'); // not even the first range was touched
}

TEST_F(RangesTest, RangesThatAreNotThereAreAnError) {
    EXPECT_EQ(run_ranges(discard_type, {{64, 1, 0}}), io_error);
    EXPECT_EQ(run_ranges(discard_type, {{63, 2, 0}}), io_error);
    EXPECT_EQ(run_ranges(write_zeroes_type, {{~0ull, 1, 0}}), io_error);
    EXPECT_EQ(run_ranges(write_zeroes_type, {{0, ~0u, 0}}), io_error);
    EXPECT_EQ(run_ranges(write_zeroes_type, {{1, 1, 0}, {64, 1, 0}}), io_error);
    EXPECT_EQ(at(512), '.');
}

struct ReadOnlyTest : testing::Test, Bench {
    const std::vector<std::byte> content = std::vector<std::byte>(4 * 512, std::byte{'r'});
    RamDisk disk{memory.view(), std::span{content}};
    Block block{memory.view(), disk, ""};
    Mmio mmio{block, line.line()};
    Registers registers{mmio};
};

TEST_F(ReadOnlyTest, AReadOnlyDiskCannotBeChanged) {
    EXPECT_EQ(registers.offered() & 0xffff, 1u << 2 | flush_bit | read_only_bit);
    ASSERT_TRUE(registers.bring_up(memory, 1, feature::version_1)); // does not even listen
    for (const std::uint32_t type : {out_type, discard_type, write_zeroes_type, in_type}) {
        add(type, 0, {{data, 512, type == in_type}});
        registers.notify(0);
        expect_status(type == out_type ? io_error : type == in_type ? ok : unsupported);
    }
    EXPECT_EQ(memory.text(data, 2), "rr");
}

struct SlowDiskTest : testing::Test, Bench {
    SlowDisk disk;
    Block block{memory.view(), disk, "slow"};
    Mmio mmio{block, line.line()};
    Registers registers{mmio};

    void begin(std::uint64_t features = feature::common | flush_bit | discard_bit) {
        ASSERT_TRUE(registers.bring_up(memory, 1, features));
    }
    void add_reads(std::uint64_t count) {
        for (std::uint64_t number = 0; number < count; ++number)
            add(in_type, number, {{data, 512, true}}, number);
        registers.notify(0);
    }
};

TEST_F(SlowDiskTest, RequestsAreUnderWayTogetherAndEndInAnyOrder) {
    begin();
    add_reads(3);
    ASSERT_EQ(disk.asked.size(), 3u);
    EXPECT_EQ(driver.used_index(), 0);
    EXPECT_FALSE(line.high);
    const auto second = disk.asked[1];
    EXPECT_EQ(second.segments[0].address, data);
    disk.answer(1);
    EXPECT_TRUE(line.high);
    expect_status(ok, 0x100);
    expect_status(untouched);
    disk.answer(1, false);
    expect_status(io_error, 0x200);
    disk.answer(0);
    EXPECT_EQ(driver.harvest(), (std::vector<Used>{{3, 513}, {6, 0}, {0, 513}}));
}

TEST_F(SlowDiskTest, WhatAFullDiskDoesNotTakeWaitsForItsAnswers) {
    begin();
    disk.room = 2;
    add_reads(5);
    EXPECT_EQ(disk.asked.size(), 2u);
    EXPECT_FALSE(mmio.more_to_do()); // no use in asking before an answer
    for (unsigned done = 0; done < 5; ++done) {
        EXPECT_EQ(disk.asked.front().sector, done);
        disk.answer(0);
    }
    EXPECT_EQ(driver.harvest().size(), 5u);
    for (std::uint64_t number = 0; number < 5; ++number)
        expect_status(ok, number * 0x100);
}

TEST_F(SlowDiskTest, ADiskThatIsFullForOthersIsAskedAgainByPoll) {
    begin();
    disk.room = 0;
    add_reads(1);
    EXPECT_TRUE(mmio.more_to_do());
    EXPECT_TRUE(mmio.poll());
    disk.room = 1;
    EXPECT_FALSE(mmio.poll());
    disk.answer(0);
    expect_status(ok);
}

TEST_F(SlowDiskTest, ADiscardIsDoneWhenAllOfItsPartsAre) {
    begin();
    disk.room = 2;
    for (std::uint64_t index = 0; index < 3; ++index) {
        memory.view().write(GuestPhysical{data.value + 16 * index}, 10 * index);
        memory.view().write(GuestPhysical{data.value + 16 * index + 8}, std::uint64_t{5});
    }
    add(discard_type, 0, {{data, 48}});
    registers.notify(0);
    ASSERT_EQ(disk.asked.size(), 2u);
    disk.answer(0);
    ASSERT_EQ(disk.asked.size(), 2u);
    EXPECT_EQ(disk.asked[1].sector, 20u);
    EXPECT_EQ(disk.asked[1].sectors, 5u);
    disk.answer(0, false);
    expect_status(untouched);
    disk.answer(0);
    expect_status(io_error); // as one part failed
}

TEST_F(SlowDiskTest, ARequestThatTheDiskCannotDoIsNotAsked) {
    begin();
    add(write_zeroes_type, 0, {{data, 16}});
    registers.notify(0);
    expect_status(unsupported);
    EXPECT_EQ(disk.tried, 0u);
}

TEST_F(SlowDiskTest, ADriverThatCannotFlushHasItsWritesFlushed) {
    begin(feature::version_1);
    add(out_type, 7, {{data, 512}});
    add(in_type, 7, {{data, 512, true}}, 1);
    registers.notify(0);
    ASSERT_EQ(disk.asked.size(), 1u);
    disk.answer(0);
    ASSERT_EQ(disk.asked.size(), 1u);
    EXPECT_EQ(disk.asked[0].operation, DiskOperation::Flush);
    expect_status(untouched);
    disk.answer(0);
    expect_status(ok);
    ASSERT_EQ(disk.asked.size(), 1u);
    EXPECT_EQ(disk.asked[0].operation, DiskOperation::Read);
    disk.answer(0);
    expect_status(ok, 0x100);
}

TEST_F(SlowDiskTest, AFlushThatFailsFailsTheWriteBeforeIt) {
    begin(feature::version_1);
    add(out_type, 7, {{data, 512}});
    registers.notify(0);
    disk.answer(0);
    disk.answer(0, false);
    expect_status(io_error);
}

TEST_F(SlowDiskTest, AResetWaitsForTheDiskAndTouchesNothingMore) {
    begin();
    disk.room = 2;
    add_reads(3); // the third is still to be submitted
    registers.set(Status, 0);
    EXPECT_NE(registers.get(Status), 0u);
    disk.answer(0);
    EXPECT_NE(registers.get(Status), 0u);
    disk.answer(0);
    EXPECT_EQ(registers.get(Status), 0u);
    EXPECT_TRUE(disk.asked.empty()); // and was not
    EXPECT_EQ(driver.used_index(), 0);
    EXPECT_FALSE(line.high);
    for (std::uint64_t number = 0; number < 3; ++number)
        expect_status(untouched, number * 0x100);
}

TEST_F(SlowDiskTest, AnAnswerThatComesAfterAResetIsNobodys) {
    begin();
    add_reads(1);
    const SlowDisk::Asked old = disk.asked[0];
    registers.set(Status, 0);
    disk.answer(0);
    driver = QueueDriver{memory, 0};
    driver.set_available_index(0);
    begin();
    add_reads(1);
    old.listener->disk_done(old.token, false);
    old.listener->disk_done(~0ull, false);
    expect_status(untouched);
    disk.answer(0);
    expect_status(ok);
    old.listener->disk_done(disk.asked.empty() ? old.token + 0x10000 : 0, false); // a second answer
    EXPECT_EQ(driver.used_index(), 1);
}

TEST_F(SlowDiskTest, ABrokenQueueLetsGoWhenTheDiskHasEnded) {
    begin();
    add_reads(1);
    driver.make_available(driver.size()); // no such descriptor
    registers.notify(0);
    EXPECT_TRUE(mmio.awaits_reset());
    disk.answer(0);
    expect_status(untouched);
    EXPECT_EQ(driver.used_index(), 0);
    registers.set(Status, 0);
    EXPECT_EQ(registers.get(Status), 0u);
}

}

/// A large disk that only counts, as fast as one in RAM.
class CountingDisk final : public Disk {
  public:
    std::uint64_t sectors() const override { return std::uint64_t{1} << 30; }
    bool read_only() const override { return false; }
    bool can_discard() const override { return true; }
    bool can_write_zeroes() const override { return true; }
    bool submit(const DiskRequest& request, Listener& listener) override {
        done += request.sectors;
        listener.disk_done(request.token, true);
        return true;
    }
    std::uint64_t done = 0;
};

struct CountingDiskTest : testing::Test, Bench {
    CountingDisk disk;
    Block block{memory.view(), disk, "disk"};
    Mmio mmio{block, line.line()};
    Registers registers{mmio};
};

TEST_F(CountingDiskTest, OneNotificationDoesNoMoreThanARoundHoweverMuchIsAskedFor) {
    constexpr std::uint64_t requests = 15, most = Block::sectors_a_round + Block::range_sectors_limit;
    ASSERT_TRUE(registers.bring_up(memory, 1, registers.offered()));
    for (std::uint32_t range = 0; range < Block::range_limit; ++range) {
        memory.view().write(GuestPhysical{data.value + 16 * range}, std::uint64_t{range} * Block::range_sectors_limit);
        memory.view().write(GuestPhysical{data.value + 16 * range + 8}, Block::range_sectors_limit);
    }
    for (std::uint64_t number = 0; number < requests; ++number)
        add(write_zeroes_type, 0, {{data, 16 * Block::range_limit}}, number);
    registers.notify(0);
    EXPECT_LE(disk.done, most);
    EXPECT_TRUE(mmio.more_to_do());
    unsigned rounds = 0;
    for (bool more = true; more && rounds < 10'000; ++rounds) {
        const std::uint64_t before = disk.done;
        more = mmio.poll();
        EXPECT_LE(disk.done - before, most);
    }
    EXPECT_EQ(disk.done, requests * Block::range_limit * Block::range_sectors_limit);
    EXPECT_EQ(driver.harvest().size(), requests);
    for (std::uint64_t number = 0; number < requests; ++number)
        expect_status(ok, number * 0x100);
}
