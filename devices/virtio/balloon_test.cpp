// SPDX-License-Identifier: Apache-2.0
#include "devices/virtio/balloon.hpp"

#include <gtest/gtest.h>

#include "devices/virtio/queue_driver.hpp"

namespace {

using namespace devices;
using namespace devices::virtio;
using namespace devices::virtio::test;

constexpr std::uint64_t must_tell_host = 1, stats_bit = 2, deflate_on_oom = 4, reporting_bit = 32;
constexpr std::uint64_t page = 4096;
constexpr std::uint32_t first_number = Ram::base.value / page, page_count = Ram::bytes / page;

class Ledger final : public BalloonListener {
  public:
    std::vector<GuestRange> given_up, taken_back, free;
    std::vector<std::pair<std::uint16_t, std::uint64_t>> statistics;
    void pages_given_up(GuestRange range) override { given_up.push_back(range); }
    void pages_taken_back(GuestRange range) override { taken_back.push_back(range); }
    void pages_free(GuestRange range) override { free.push_back(range); }
    void statistic(std::uint16_t tag, std::uint64_t value) override { statistics.emplace_back(tag, value); }
};

GuestRange pages(std::uint64_t first, std::uint64_t count = 1) {
    return {Ram::at(first * page), count * page};
}

struct BalloonTest : testing::Test {
    Ram memory;
    Line line;
    Ledger ledger;
    Balloon balloon{memory.view(), ledger};
    Mmio mmio{balloon, line.line()};
    Registers registers{mmio};
    std::vector<QueueDriver> queues;

    void begin(std::uint64_t features = must_tell_host | stats_bit | deflate_on_oom | reporting_bit) {
        for (unsigned index = 0; index < 5; ++index)
            queues.emplace_back(memory, index);
        ASSERT_TRUE(registers.bring_up(memory, 5, features | feature::common));
    }
    void send(unsigned queue, const std::vector<std::uint32_t>& numbers, std::uint32_t extra = 0) {
        for (std::size_t index = 0; index < numbers.size(); ++index)
            memory.view().write(Ram::buffer(4 * index), numbers[index]);
        queues[queue].add({{Ram::buffer(0), static_cast<std::uint32_t>(4 * numbers.size()) + extra}});
        registers.notify(queue);
    }
};

TEST_F(BalloonTest, TheDeviceSaysWhatItCanDo) {
    EXPECT_EQ(registers.get(DeviceID), 5u);
    EXPECT_EQ(registers.offered() & 0xffff, must_tell_host | stats_bit | deflate_on_oom | reporting_bit);
}

TEST_F(BalloonTest, ATargetIsToldToTheGuest) {
    begin();
    const std::uint32_t generation = registers.get(ConfigGeneration);
    balloon.set_target(7);
    EXPECT_EQ(mmio.read(Config, 4), 7u);
    EXPECT_EQ(registers.get(InterruptStatus), 2u);
    EXPECT_TRUE(line.high);
    EXPECT_NE(registers.get(ConfigGeneration), generation);
    balloon.set_target(~0u);
    EXPECT_EQ(balloon.target(), page_count);
}

TEST_F(BalloonTest, TheGuestSaysHowManyPagesItGaveUp) {
    begin();
    mmio.write(Config + 4, 4, 0x0102'0304);
    EXPECT_EQ(balloon.actual(), 0x0102'0304u);
    mmio.write(Config + 6, 1, 0xff);
    EXPECT_EQ(balloon.actual(), 0x01ff'0304u);
    for (const auto& [offset, width] : {std::pair{0u, 4u}, {2u, 4u}, {6u, 4u}, {4u, 8u}, {8u, 4u}, {0xe00u, 4u}})
        mmio.write(Config + offset, width, 0);
    EXPECT_EQ(balloon.actual(), 0x01ff'0304u);
    EXPECT_EQ(balloon.target(), 0u);
}

TEST_F(BalloonTest, NeighboursAreGivenUpTogether) {
    begin();
    const std::uint32_t n = first_number;
    send(0, {n + 3, n + 4, n + 5, n + 9, n + 8, n + 7, n + 20});
    EXPECT_EQ(ledger.given_up, (std::vector{pages(3, 3), pages(7, 3), pages(20)}));
    EXPECT_TRUE(ledger.taken_back.empty());
    EXPECT_EQ(queues[0].harvest(), (std::vector<Used>{{0, 0}}));
    EXPECT_TRUE(line.high);
}

TEST_F(BalloonTest, PagesAreTakenBack) {
    begin();
    send(1, {first_number + 1});
    EXPECT_EQ(ledger.taken_back, (std::vector{pages(1)}));
    EXPECT_TRUE(ledger.given_up.empty());
}

TEST_F(BalloonTest, PagesThatAreNotRamAreIgnored) {
    begin();
    const std::uint32_t last = first_number + page_count - 1;
    send(0, {0, first_number - 1, first_number, last, last + 1, ~0u});
    EXPECT_EQ(ledger.given_up, (std::vector{pages(0), pages(page_count - 1)}));
    EXPECT_FALSE(mmio.awaits_reset());
}

TEST_F(BalloonTest, HalfANumberIsIgnored) {
    begin();
    send(0, {first_number}, 3);
    EXPECT_EQ(ledger.given_up, (std::vector{pages(0)}));
    EXPECT_EQ(queues[0].used_index(), 1);
}

TEST_F(BalloonTest, AHugeListIsBoundedWorkAndNothingIsLost) {
    begin();
    queues[0].add(std::vector<Buffer>(100, {Ram::buffer(0), 0x1000}));
    memory.view().write(Ram::buffer(0x1000 - 4), first_number); // one page in each
    registers.notify(0);
    EXPECT_EQ(ledger.given_up.size(), 8u); // 8192 numbers
    EXPECT_EQ(queues[0].used_index(), 0);
    unsigned rounds = 0;
    while (mmio.poll())
        ASSERT_LT(++rounds, 100u);
    EXPECT_EQ(ledger.given_up.size(), 100u);
    EXPECT_EQ(queues[0].used_index(), 1);
}

TEST_F(BalloonTest, AHugeListDoesNotHoldUpAReset) {
    begin();
    queues[0].add(std::vector<Buffer>(100, {Ram::buffer(0), 0x1000}));
    registers.notify(0);
    registers.set(Status, 0);
    EXPECT_EQ(registers.get(Status), 0u);
    EXPECT_FALSE(mmio.poll());
}

TEST_F(BalloonTest, OnlyWholePagesAreReportedFree) {
    begin();
    queues[4].add({{Ram::at(10 * page), 3 * page, true},
                   {Ram::at(20 * page + 1), 2 * page, true},
                   {Ram::at(30 * page), page - 1, true},
                   {Ram::at(40 * page - 1), page, true}});
    registers.notify(4);
    EXPECT_EQ(ledger.free, (std::vector{pages(10, 3), pages(21)}));
    EXPECT_EQ(queues[4].used_index(), 1);
}

TEST_F(BalloonTest, MemoryThatCannotBeWrittenIsNotFree) {
    begin();
    queues[4].add({{Ram::at(10 * page), page}});
    registers.notify(4);
    EXPECT_TRUE(ledger.free.empty());
}

TEST_F(BalloonTest, ReportsComeThroughWhicheverQueueTheDriverTakesForThem) {
    begin(reporting_bit);
    for (unsigned queue = 2; queue < 5; ++queue) {
        queues[queue].add({{Ram::at(queue * page), page, true}});
        registers.notify(queue);
    }
    EXPECT_EQ(ledger.free, (std::vector{pages(2), pages(3), pages(4)}));
}

TEST_F(BalloonTest, NoReportsAreTakenThatWereNotNegotiated) {
    begin(0);
    queues[4].add({{Ram::at(0), page, true}});
    registers.notify(4);
    EXPECT_TRUE(ledger.free.empty());
    EXPECT_EQ(queues[4].used_index(), 0);
}

TEST_F(BalloonTest, StatisticsComeWhenTheyAreAskedFor) {
    begin();
    EXPECT_FALSE(balloon.request_statistics());
    const auto put = [&](std::uint16_t tag, std::uint64_t value) {
        memory.view().write(Ram::buffer(0), tag);
        memory.view().write(Ram::buffer(2), value);
        queues[2].add({{Ram::buffer(0), 15}}); // one, and half of another
        registers.notify(2);
    };
    put(4, 0x1122'3344'5566'7788);
    EXPECT_EQ(queues[2].used_index(), 0); // is kept
    ASSERT_EQ(ledger.statistics.size(), 1u);
    EXPECT_EQ(ledger.statistics[0], (std::pair<std::uint16_t, std::uint64_t>{4, 0x1122'3344'5566'7788}));
    EXPECT_FALSE(line.high);
    EXPECT_TRUE(balloon.request_statistics());
    EXPECT_EQ(queues[2].used_index(), 1);
    EXPECT_TRUE(line.high);
    EXPECT_FALSE(balloon.request_statistics());
    put(5, 6);
    EXPECT_EQ(ledger.statistics.size(), 2u);
    registers.set(Status, 0);
    EXPECT_EQ(registers.get(Status), 0u);
}

TEST_F(BalloonTest, StatisticsAreLimited) {
    begin();
    queues[2].add({{Ram::buffer(0), 0x10000}});
    registers.notify(2);
    EXPECT_EQ(ledger.statistics.size(), Balloon::statistics_limit);
}

}
