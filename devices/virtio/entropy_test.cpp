// SPDX-License-Identifier: Apache-2.0
#include "devices/virtio/entropy.hpp"

#include <gtest/gtest.h>

#include "devices/virtio/queue_driver.hpp"

namespace {

using namespace devices;
using namespace devices::virtio;
using namespace devices::virtio::test;

class Letters final : public EntropySource {
  public:
    std::size_t left = 10'000, most = 10'000;
    std::size_t fill(std::span<std::byte> bytes) override {
        const std::size_t count = std::min({bytes.size(), left, most});
        std::ranges::fill(bytes.first(count), std::byte{'e'});
        left -= count;
        return count;
    }
};

struct EntropyTest : testing::Test {
    Ram memory;
    Line line;
    Letters source;
    Entropy entropy{memory.view(), source};
    Mmio mmio{entropy, line.line()};
    Registers registers{mmio};
    QueueDriver driver{memory, 0};

    void SetUp() override {
        ASSERT_TRUE(registers.bring_up(memory, 1, registers.offered()));
        memory.put(Ram::buffer(0), std::string(1000, '-'));
    }
};

TEST_F(EntropyTest, ABufferIsFilled) {
    EXPECT_EQ(registers.get(DeviceID), 4u);
    driver.add({{Ram::buffer(0), 3, true}, {Ram::buffer(10), 4, true}});
    registers.notify(0);
    EXPECT_EQ(driver.harvest(), (std::vector<Used>{{0, 7}}));
    EXPECT_EQ(memory.text(Ram::buffer(0), 15), "eee-------eeee-");
    EXPECT_TRUE(line.high);
}

TEST_F(EntropyTest, ALargeBufferGetsALimitedNumberOfBytes) {
    driver.add({{Ram::buffer(0), 1000, true}});
    registers.notify(0);
    EXPECT_EQ(driver.harvest()[0].length, Entropy::request_bytes);
    EXPECT_EQ(memory.text(Ram::buffer(255), 2), "e-");
}

TEST_F(EntropyTest, ABufferGetsWhatTheSourceHas) {
    source.most = 5;
    driver.add({{Ram::buffer(0), 100, true}});
    registers.notify(0);
    EXPECT_EQ(driver.harvest()[0].length, 5u);
    EXPECT_EQ(memory.text(Ram::buffer(0), 6), "eeeee-");
}

TEST_F(EntropyTest, ABufferWithNoPlaceGetsNothing) {
    driver.add({{Ram::buffer(0), 100}});
    registers.notify(0);
    EXPECT_EQ(driver.harvest()[0].length, 0u);
    EXPECT_EQ(source.left, 10'000u);
}

TEST_F(EntropyTest, ARequestWaitsWhileTheSourceIsDry) {
    source.left = 0;
    driver.add({{Ram::buffer(0), 2, true}});
    registers.notify(0);
    EXPECT_EQ(driver.used_index(), 0);
    EXPECT_TRUE(mmio.poll());
    source.left = 100;
    EXPECT_FALSE(mmio.poll());
    EXPECT_EQ(driver.harvest()[0].length, 2u);
}

TEST_F(EntropyTest, AWaitingRequestDoesNotHoldUpAReset) {
    source.left = 0;
    driver.add({{Ram::buffer(0), 2, true}});
    registers.notify(0);
    registers.set(Status, 0);
    EXPECT_EQ(registers.get(Status), 0u);
    source.left = 100;
    EXPECT_FALSE(mmio.poll());
    EXPECT_EQ(driver.used_index(), 0);
    EXPECT_EQ(memory.text(Ram::buffer(0), 2), "--");
    driver = QueueDriver{memory, 0};
    driver.set_available_index(0);
    ASSERT_TRUE(registers.bring_up(memory, 1, feature::version_1));
    EXPECT_EQ(memory.text(Ram::buffer(0), 2), "--"); // nor does anything of it come back
    EXPECT_EQ(driver.used_index(), 0);
}

}
