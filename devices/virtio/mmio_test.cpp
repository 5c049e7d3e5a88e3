// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "devices/virtio/queue_driver.hpp"

namespace {

using namespace devices;
using namespace devices::virtio;
using namespace devices::virtio::test;

/// A device that gives every buffer back, or keeps it until it is told to.
class Echo final : public Model {
  public:
    static constexpr std::uint64_t own_feature = 1 << 3;

    explicit Echo(const GuestRam& ram) : Model{ram} {}
    std::uint32_t device_id() const override { return 42; }
    std::uint64_t offered() const override { return own_feature; }
    std::span<Queue> queues() override { return queues_; }
    std::span<const std::byte> configuration() const override { return std::as_bytes(std::span{space}); }
    void write_configuration(std::uint64_t offset, std::span<const std::byte> bytes) override {
        written_offset = offset;
        written_bytes = bytes.size();
    }
    void change() { change_configuration(); }
    void release() {
        for (const std::uint16_t head : kept)
            queues_[0].give_back(head, 0);
        kept.clear();
        serve(0); // as whoever has kept buffers does
    }

    std::array<std::uint8_t, 6> space{1, 2, 3, 4, 5, 6};
    std::uint64_t written_offset = 0, written_bytes = 0;
    bool keep = false;
    unsigned rounds = 0, served = 0;
    std::vector<std::uint16_t> kept;

  private:
    bool process(unsigned index) override {
        ++rounds;
        for (unsigned count = 0; count < queues_[index].size(); ++count) {
            const auto chain = queues_[index].take();
            if (!chain)
                return false;
            ++served;
            if (keep)
                kept.push_back(chain->head);
            else
                queues_[index].give_back(chain->head, 0);
            if (endless)
                endless->add({{Ram::buffer(0), 1}});
        }
        return true;
    }
    std::array<Queue, 2> queues_;

  public:
    QueueDriver* endless = nullptr; ///< adds a buffer for each one that was used
};

struct MmioTest : testing::Test {
    Ram memory;
    Line line;
    Echo echo{memory.view()};
    Mmio mmio{echo, line.line()};
    Registers registers{mmio};
    QueueDriver driver{memory, 0}, other{memory, 1};

    void bring_up(std::uint64_t features = feature::version_1) {
        ASSERT_TRUE(registers.bring_up(memory, 2, features));
        ASSERT_EQ(registers.get(Status), 15u);
    }
    void break_queue() {
        driver.make_available(usual_queue_size);
        registers.notify(0);
    }
};

TEST_F(MmioTest, TheDeviceSaysWhatItIs) {
    EXPECT_EQ(registers.get(MagicValue), 0x7472'6976u);
    EXPECT_EQ(registers.get(Version), 2u);
    EXPECT_EQ(registers.get(DeviceID), 42u);
    EXPECT_EQ(registers.get(VendorID), 0x5744'4e53u);
    EXPECT_EQ(registers.get(Status), 0u);
    EXPECT_EQ(registers.offered(), Echo::own_feature | feature::common);
}

TEST_F(MmioTest, ThereAreNoFeaturesBeyondTheSecondWord) {
    registers.set(DeviceFeaturesSel, 2);
    EXPECT_EQ(registers.get(DeviceFeatures), 0u);
    registers.set(DeviceFeaturesSel, ~0u);
    EXPECT_EQ(registers.get(DeviceFeatures), 0u);
}

TEST_F(MmioTest, ThereIsNoSharedMemory) {
    registers.set(0x0ac, 0);
    for (std::uint64_t offset = SHMLenLow; offset <= SHMBaseHigh; offset += 4)
        EXPECT_EQ(registers.get(offset), ~0u);
}

/// Registers::get compares what is shown with what is read: of all registers, at all times that matter.
TEST_F(MmioTest, APageShowsWhatReadsWouldGive) {
    const auto check = [&] {
        for (std::uint64_t offset = 0; offset < Config + 16; offset += 4)
            (void)registers.get(offset);
    };
    check();
    bring_up();
    check();
    registers.set(QueueSel, 0);
    driver.add({{Ram::buffer(0), 1}});
    registers.notify(0);
    check();
    EXPECT_EQ(registers.get(InterruptStatus), 1u);
    registers.set(InterruptACK, 1);
    check();
    echo.space[2] = 77;
    echo.change();
    check();
    echo.keep = true;
    driver.add({{Ram::buffer(0), 1}});
    registers.notify(0);
    registers.set(QueueReady, 0);
    EXPECT_EQ(registers.get(QueueReady), 1u);
    check();
    echo.release();
    EXPECT_EQ(registers.get(QueueReady), 0u);
    check();
    break_queue();
    check();
    registers.set(Status, 0);
    check();
}

TEST_F(MmioTest, RegistersOfOneWidthOnly) {
    for (const unsigned width : {1u, 2u, 8u}) {
        EXPECT_EQ(mmio.read(MagicValue, width), 0u);
        mmio.write(Status, width, 1);
        EXPECT_EQ(registers.get(Status), 0u);
    }
    EXPECT_EQ(mmio.read(MagicValue + 1, 4), 0u);
    EXPECT_EQ(mmio.read(ConfigGeneration, 8), 0u);
}

TEST_F(MmioTest, PlacesWithoutARegisterReadZeroAndTakeNothing) {
    for (const std::uint64_t offset : {0x018u, 0x048u, 0x0f0u, 0x074u}) {
        registers.set(offset, ~0u);
        EXPECT_EQ(registers.get(offset), 0u) << offset;
    }
    registers.set(MagicValue, 5);
    EXPECT_EQ(registers.get(MagicValue), 0x7472'6976u);
    for (const std::uint64_t offset : {DeviceFeaturesSel, QueueSel, QueueNotify, QueueDescLow})
        EXPECT_EQ(registers.get(offset), 0u) << offset; // are written only
}

TEST_F(MmioTest, FeaturesWithoutVersionOneAreRefused) {
    EXPECT_FALSE(registers.negotiate(Echo::own_feature));
}

TEST_F(MmioTest, FeaturesThatWereNotOfferedAreRefused) {
    EXPECT_FALSE(registers.negotiate(feature::version_1 | 1));
    EXPECT_FALSE(registers.negotiate(feature::version_1 | std::uint64_t{1} << 34)); // packed rings
}

TEST_F(MmioTest, AnySubsetOfWhatIsOfferedIsTaken) {
    EXPECT_TRUE(registers.negotiate(feature::version_1));
    EXPECT_TRUE(registers.negotiate(feature::version_1 | Echo::own_feature | feature::event_idx));
}

TEST_F(MmioTest, FeaturesStayAsTheyWereAccepted) {
    ASSERT_TRUE(registers.negotiate(feature::version_1));
    registers.choose(feature::common);
    registers.place(0, driver.layout());
    registers.drive();
    driver.make_available(driver.indirect_chain(Ram::buffer(0x1000), {{Ram::buffer(0), 1}}));
    registers.notify(0);
    EXPECT_TRUE(mmio.awaits_reset()); // as indirect tables are not negotiated
}

TEST_F(MmioTest, StepsOfInitializationCannotBeLeftOut) {
    registers.choose(feature::version_1); // before DRIVER
    registers.set(Status, status::features_ok);
    EXPECT_EQ(registers.get(Status), 0u);
    registers.set(Status, status::driver_ok);
    EXPECT_EQ(registers.get(Status), 0u);
    registers.set(Status, status::acknowledge | status::driver | status::features_ok);
    EXPECT_EQ(registers.get(Status), status::acknowledge | status::driver); // no features were chosen in time
}

TEST_F(MmioTest, ADriverThatResetsAfterAcknowledgingStillComesUp) {
    registers.set(Status, status::acknowledge);
    registers.set(Status, 0);
    registers.set(Status, status::driver);
    registers.choose(feature::version_1);
    registers.set(Status, status::driver | status::features_ok);
    EXPECT_EQ(registers.get(Status), status::driver | status::features_ok);
    registers.set(Status, status::driver | status::features_ok | status::driver_ok);
    EXPECT_EQ(registers.get(Status), status::driver | status::features_ok | status::driver_ok);
}

TEST_F(MmioTest, StatusBitsAreClearedByAResetAlone) {
    bring_up();
    registers.set(Status, status::acknowledge);
    EXPECT_EQ(registers.get(Status), 15u);
    registers.set(Status, 0);
    EXPECT_EQ(registers.get(Status), 0u);
}

TEST_F(MmioTest, ADriverCannotSetNeedsResetOrUnknownBits) {
    registers.set(Status, status::acknowledge | status::device_needs_reset | 0x30 | 0xff00);
    EXPECT_EQ(registers.get(Status), status::acknowledge);
}

TEST_F(MmioTest, AQueueIsPlacedOnlyAfterFeaturesAreAccepted) {
    registers.place(0, driver.layout());
    EXPECT_EQ(registers.get(QueueReady), 0u);
    ASSERT_TRUE(registers.negotiate(feature::version_1));
    registers.place(0, driver.layout());
    EXPECT_EQ(registers.get(QueueReady), 1u);
}

TEST_F(MmioTest, AReadyQueueStaysWhereItIs) {
    bring_up();
    registers.set(QueueSel, 0);
    registers.set(QueueSize, 3);
    registers.set_address(QueueDescLow, {0});
    registers.set(QueueReady, 1);
    driver.add({{Ram::buffer(0), 1}});
    registers.notify(0);
    EXPECT_EQ(driver.used_index(), 1);
}

TEST_F(MmioTest, QueuesThatAreNotThereHaveNoSize) {
    registers.set(QueueSel, 1);
    EXPECT_EQ(registers.get(QueueSizeMax), 256u);
    for (const std::uint32_t index : {2u, 31u, 32u, ~0u}) {
        registers.set(QueueSel, index);
        EXPECT_EQ(registers.get(QueueSizeMax), 0u);
        registers.set(QueueReady, 1);
        EXPECT_EQ(registers.get(QueueReady), 0u);
        registers.notify(index);
    }
}

TEST_F(MmioTest, ABadPlaceForAQueueNeedsAReset) {
    ASSERT_TRUE(registers.negotiate(feature::version_1));
    registers.place(0, {3, driver.layout().descriptors, driver.layout().driver, driver.layout().device});
    EXPECT_TRUE(registers.get(Status) & status::device_needs_reset);
    EXPECT_EQ(registers.get(QueueReady), 0u);
    EXPECT_FALSE(line.high); // before DRIVER_OK there are no interrupts
    registers.drive();
    EXPECT_FALSE(registers.get(Status) & status::driver_ok);
}

TEST_F(MmioTest, BuffersAreNotTouchedBeforeDriverOkAndServedThen) {
    ASSERT_TRUE(registers.negotiate(feature::version_1));
    registers.place(0, driver.layout());
    driver.add({{Ram::buffer(0), 1}});
    registers.notify(0);
    EXPECT_EQ(driver.used_index(), 0);
    registers.drive();
    EXPECT_EQ(driver.used_index(), 1);
}

TEST_F(MmioTest, TheLineIsHighWhileAnInterruptIsNotAcknowledged) {
    bring_up();
    driver.add({{Ram::buffer(0), 1}});
    registers.notify(0);
    EXPECT_TRUE(line.high);
    EXPECT_EQ(registers.get(InterruptStatus), 1u);
    echo.change();
    EXPECT_EQ(registers.get(InterruptStatus), 3u);
    registers.set(InterruptACK, 1);
    EXPECT_TRUE(line.high);
    EXPECT_EQ(registers.get(InterruptStatus), 2u);
    registers.set(InterruptACK, ~0u);
    EXPECT_FALSE(line.high);
    EXPECT_EQ(registers.get(InterruptStatus), 0u);
}

TEST_F(MmioTest, TheLineRisesAgainForWhatIsNotAcknowledgedYet) {
    bring_up();
    driver.add({{Ram::buffer(0), 1}});
    registers.notify(0);
    echo.change();
    EXPECT_EQ(line.rises, 1u);
    registers.set(InterruptACK, 1);
    EXPECT_EQ(line.rises, 2u); // an interrupt controller that takes edges has forgotten the first
}

TEST_F(MmioTest, ABrokenQueueStopsTheWholeDeviceUntilItIsReset) {
    bring_up();
    break_queue();
    EXPECT_EQ(registers.get(Status), 15u | status::device_needs_reset);
    EXPECT_EQ(registers.get(InterruptStatus), 2u);
    EXPECT_TRUE(line.high);
    other.add({{Ram::buffer(0), 1}});
    registers.notify(1);
    EXPECT_EQ(other.used_index(), 0);
    registers.set(Status, 15);
    EXPECT_TRUE(mmio.awaits_reset());
    registers.set(Status, 0);
    EXPECT_FALSE(mmio.awaits_reset());
    EXPECT_FALSE(line.high);
}

TEST_F(MmioTest, AfterAResetTheDeviceWorksAgain) {
    bring_up();
    break_queue();
    driver = QueueDriver{memory, 0};
    driver.set_available_index(0);
    bring_up();
    driver.add({{Ram::buffer(0), 1}});
    registers.notify(0);
    EXPECT_EQ(driver.used_index(), 1);
}

TEST_F(MmioTest, AResetClearsAllRegisters) {
    bring_up();
    echo.change();
    registers.set(Status, 0);
    EXPECT_EQ(registers.get(InterruptStatus), 0u);
    EXPECT_FALSE(line.high);
    for (const std::uint32_t index : {0u, 1u}) {
        registers.set(QueueSel, index);
        EXPECT_EQ(registers.get(QueueReady), 0u);
    }
    registers.set(Status, 3);
    registers.set(Status, 11);
    EXPECT_EQ(registers.get(Status), 3u); // features were forgotten
}

TEST_F(MmioTest, AResetIsNotOverBeforeTheDeviceLetsGoOfAllBuffers) {
    echo.keep = true;
    bring_up();
    driver.add({{Ram::buffer(0), 1}});
    registers.notify(0);
    registers.set(Status, 0);
    EXPECT_TRUE(mmio.resetting());
    EXPECT_NE(registers.get(Status), 0u);
    registers.set(Status, status::acknowledge); // too early
    EXPECT_EQ(registers.get(Status), 15u);
    echo.release();
    EXPECT_EQ(registers.get(Status), 0u);
    EXPECT_FALSE(mmio.resetting());
    EXPECT_EQ(driver.used_index(), 0);
}

TEST_F(MmioTest, AFailedDriverIsServedNoMore) {
    bring_up();
    registers.set(Status, 15 | status::failed);
    driver.add({{Ram::buffer(0), 1}});
    registers.notify(0);
    EXPECT_EQ(driver.used_index(), 0);
}

TEST_F(MmioTest, AQueueCanBeStopped) {
    bring_up();
    registers.set(QueueSel, 0);
    registers.set(QueueReady, 0);
    EXPECT_EQ(registers.get(QueueReady), 0u);
    driver.add({{Ram::buffer(0), 1}});
    other.add({{Ram::buffer(0), 1}});
    registers.notify(0);
    registers.notify(1);
    EXPECT_EQ(driver.used_index(), 0);
    EXPECT_EQ(other.used_index(), 1);
}

TEST_F(MmioTest, AQueueCanBeResetAndPlacedAnew) {
    echo.keep = true;
    bring_up(feature::version_1 | feature::ring_reset);
    driver.add({{Ram::buffer(0), 1}});
    registers.notify(0);
    registers.set(QueueSel, 0);
    registers.set(QueueReset, 1);
    EXPECT_EQ(registers.get(QueueReset), 1u); // a buffer is still out
    registers.set(QueueReady, 1);
    echo.release();
    EXPECT_EQ(registers.get(QueueReset), 0u);
    EXPECT_EQ(registers.get(QueueReady), 0u);
    echo.keep = false;
    QueueDriver moved{memory, 3, 32};
    registers.place(0, moved.layout());
    moved.add({{Ram::buffer(0), 1}});
    registers.notify(0);
    EXPECT_EQ(moved.used_index(), 1);
}

TEST_F(MmioTest, AQueueIsNotResetIfThatWasNotNegotiated) {
    bring_up();
    registers.set(QueueSel, 0);
    registers.set(QueueReset, 1);
    EXPECT_EQ(registers.get(QueueReady), 1u);
}

TEST_F(MmioTest, OneNotificationIsBoundedWorkAndNothingIsLost) {
    bring_up();
    echo.endless = &driver;
    driver.add({{Ram::buffer(0), 1}});
    registers.notify(0);
    EXPECT_EQ(echo.served, 256u);
    EXPECT_TRUE(mmio.more_to_do());
    EXPECT_TRUE(mmio.poll());
    EXPECT_EQ(echo.served, 512u);
    echo.endless = nullptr;
    EXPECT_FALSE(mmio.poll());
    EXPECT_EQ(driver.used_index(), 513);
    EXPECT_EQ(echo.rounds, 2u + 3u); // two of them by DRIVER_OK
}

TEST_F(MmioTest, ConfigurationSpaceIsReadInAnyWidthAndZeroBeyond) {
    EXPECT_EQ(mmio.read(Config, 1), 1u);
    EXPECT_EQ(mmio.read(Config + 1, 2), 0x0302u);
    EXPECT_EQ(mmio.read(Config + 1, 4), 0x0504'0302u);
    EXPECT_EQ(mmio.read(Config, 8), 0x0605'0403'0201u);
    EXPECT_EQ(mmio.read(Config + 5, 4), 6u);
    EXPECT_EQ(mmio.read(Config + 6, 4), 0u);
    EXPECT_EQ(mmio.read(Mmio::window_bytes - 8, 8), 0u);
}

TEST_F(MmioTest, ConfigurationSpaceIsWrittenByTheDevice) {
    mmio.write(Config + 2, 2, 7);
    EXPECT_EQ(echo.written_offset, 2u);
    EXPECT_EQ(echo.written_bytes, 2u);
}

TEST_F(MmioTest, AChangeOfTheConfigurationHasAnotherGeneration) {
    const std::uint32_t before = registers.get(ConfigGeneration);
    EXPECT_EQ(registers.get(ConfigGeneration), before);
    echo.change();
    EXPECT_NE(registers.get(ConfigGeneration), before);
    EXPECT_FALSE(line.high); // no driver yet
}

}
