// SPDX-License-Identifier: Apache-2.0
#include "devices/virtio/console.hpp"

#include <gtest/gtest.h>

#include "devices/virtio/queue_driver.hpp"

namespace {

using namespace devices;
using namespace devices::virtio;
using namespace devices::virtio::test;

constexpr std::uint64_t size_bit = 1, multiport_bit = 2;
constexpr std::uint16_t device_ready = 0, device_add = 1, port_ready = 3, console_port = 4, resize = 5, port_open = 6,
                        port_name = 7;

class Heard final : public ConsoleListener {
  public:
    std::vector<std::pair<unsigned, std::string>> calls;
    void console_output(unsigned port, std::span<const std::byte> bytes) override {
        calls.emplace_back(port, std::string{reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    }
};

struct Message {
    std::uint32_t port;
    std::uint16_t event, value;
    std::string rest{};
    friend bool operator==(const Message&, const Message&) = default;
};

struct ConsoleTest : testing::Test {
    static constexpr std::array<std::string_view, 2> names{"agent", "log"};
    Ram memory;
    Line line;
    Heard heard;
    Console console{memory.view(), heard, names};
    Mmio mmio{console, line.line()};
    Registers registers{mmio};
    std::vector<QueueDriver> queues;
    std::uint32_t control_length = 64;

    void begin(std::uint64_t features) {
        for (unsigned index = 0; index < 8; ++index)
            queues.emplace_back(memory, index);
        ASSERT_TRUE(registers.bring_up(memory, 8, features | feature::common));
    }
    void say(std::uint32_t port, std::uint16_t event, std::uint16_t value, std::uint32_t length = 8) {
        const Ram& ram = memory;
        ram.view().write(Ram::buffer(0x8000), port);
        ram.view().write(Ram::buffer(0x8004), event);
        ram.view().write(Ram::buffer(0x8006), value);
        queues[3].add({{Ram::buffer(0x8000), length}});
        registers.notify(3);
    }
    void add_control_buffers(unsigned count) {
        for (unsigned index = 0; index < count; ++index)
            queues[2].add({{control_buffer(next_control++), control_length, true}});
        registers.notify(2);
    }
    std::vector<Message> hear() {
        std::vector<Message> result;
        for (const Used& used : queues[2].harvest()) {
            const GuestPhysical at = control_buffer(used.id);
            const GuestRam ram = memory.view();
            result.push_back({*ram.read<std::uint32_t>(at), *ram.read<std::uint16_t>({at.value + 4}),
                              *ram.read<std::uint16_t>({at.value + 6}), memory.text({at.value + 8}, used.length - 8)});
        }
        return result;
    }
    void begin_ports() {
        begin(multiport_bit);
        add_control_buffers(20);
        say(0, device_ready, 1);
        for (std::uint32_t port = 0; port < 3; ++port)
            say(port, port_ready, 1);
        (void)hear();
    }
    void write(unsigned queue, const std::string& text) {
        memory.put(Ram::buffer(0), text);
        queues[queue].add({{Ram::buffer(0), static_cast<std::uint32_t>(text.size())}});
        registers.notify(queue);
    }
    std::size_t type(unsigned port, std::string_view text) {
        return console.receive(port, std::as_bytes(std::span{text}));
    }

  private:
    static GuestPhysical control_buffer(std::uint32_t index) { return Ram::buffer(0x9000 + 0x100 * index); }
    std::uint32_t next_control = 0;
};

TEST_F(ConsoleTest, TheConfigurationSpaceTellsPortsAndSize) {
    EXPECT_EQ(registers.get(DeviceID), 3u);
    EXPECT_EQ(registers.offered() & 0xffff, size_bit | multiport_bit);
    EXPECT_EQ(mmio.read(Config, 4), 25u << 16 | 80);
    EXPECT_EQ(mmio.read(Config + 4, 4), 3u);
}

TEST_F(ConsoleTest, AConsoleWithoutNamesHasNoPorts) {
    Console simple{memory.view(), heard};
    Mmio simple_mmio{simple, line.line()};
    EXPECT_EQ(Registers{simple_mmio}.offered() & 0xffff, size_bit);
}

TEST_F(ConsoleTest, ALineIsOneCall) {
    begin(0);
    memory.put(Ram::buffer(0), "hello, ");
    memory.put(Ram::buffer(100), "world\n");
    queues[1].add({{Ram::buffer(0), 7}, {Ram::buffer(100), 6}});
    registers.notify(1);
    EXPECT_EQ(heard.calls, (std::vector<std::pair<unsigned, std::string>>{{0, "hello, world\n"}}));
    EXPECT_EQ(queues[1].harvest(), (std::vector<Used>{{0, 0}}));
}

TEST_F(ConsoleTest, ALongBufferComesInPieces) {
    begin(0);
    write(1, std::string(Console::piece_bytes, 'a') + std::string(10, 'b'));
    ASSERT_EQ(heard.calls.size(), 2u);
    EXPECT_EQ(heard.calls[0].second, std::string(Console::piece_bytes, 'a'));
    EXPECT_EQ(heard.calls[1].second, std::string(10, 'b'));
}

TEST_F(ConsoleTest, AHugeBufferIsBoundedWorkAndComesWhole) {
    begin(0);
    std::vector<Buffer> huge(200, {Ram::base, Ram::bytes});
    queues[1].add(huge);
    registers.notify(1);
    EXPECT_EQ(heard.calls.size(), 16u);
    EXPECT_EQ(queues[1].used_index(), 0);
    std::size_t rounds = 1;
    for (; mmio.poll(); ++rounds)
        ASSERT_LT(rounds, 10'000u);
    EXPECT_EQ(heard.calls.size(), 200 * Ram::bytes / Console::piece_bytes);
    EXPECT_EQ(queues[1].used_index(), 1);
}

TEST_F(ConsoleTest, AHugeBufferDoesNotHoldUpAReset) {
    begin(0);
    queues[1].add(std::vector<Buffer>(200, {Ram::base, Ram::bytes}));
    registers.notify(1);
    registers.set(Status, 0);
    EXPECT_EQ(registers.get(Status), 0u);
    EXPECT_FALSE(mmio.poll());
    EXPECT_EQ(heard.calls.size(), 16u);
}

TEST_F(ConsoleTest, InputGoesIntoTheGuestsBuffers) {
    begin(0);
    queues[0].add({{Ram::buffer(0), 3, true}});
    queues[0].add({{Ram::buffer(16), 16, true}});
    registers.notify(0);
    EXPECT_EQ(type(0, "abcde"), 5u);
    EXPECT_EQ(memory.text(Ram::buffer(0), 3), "abc");
    EXPECT_EQ(memory.text(Ram::buffer(16), 2), "de");
    EXPECT_EQ(queues[0].harvest(), (std::vector<Used>{{0, 3}, {1, 2}}));
    EXPECT_TRUE(line.high);
}

TEST_F(ConsoleTest, InputWaitsForTheGuestsBuffersUpToABound) {
    EXPECT_EQ(type(0, std::string(InputBuffer::capacity - 1, 'x') + "yz"), InputBuffer::capacity);
    EXPECT_EQ(type(0, "!"), 0u);
    begin(0);
    queues[0].add({{Ram::buffer(0), 0x2000, true}});
    registers.notify(0);
    EXPECT_EQ(queues[0].harvest()[0].length, InputBuffer::capacity);
    EXPECT_EQ(memory.text(Ram::buffer(InputBuffer::capacity - 2), 2), "xy");
    queues[0].add({{Ram::buffer(0), 0x2000, true}});
    registers.notify(0);
    EXPECT_EQ(type(0, std::string(0x1800, 'w')), 0x1800u); // more than is kept, as the guest has room
    queues[0].add({{Ram::buffer(0), 0x2000, true}});
    registers.notify(0);
    std::size_t got = 0;
    for (const Used& used : queues[0].harvest())
        got += used.length;
    EXPECT_EQ(got, 0x1800u);
}

TEST_F(ConsoleTest, WithoutPortsTheConsoleIsOpenWhenTheDriverIsReady) {
    EXPECT_FALSE(console.port_open(0));
    begin(0);
    EXPECT_TRUE(console.port_open(0));
    EXPECT_FALSE(console.port_open(1));
    EXPECT_FALSE(console.port_open(3));
    write(5, "not negotiated");
    EXPECT_TRUE(heard.calls.empty());
    registers.set(Status, 0);
    EXPECT_FALSE(console.port_open(0));
}

TEST_F(ConsoleTest, WithoutPortsOnlyTwoQueuesMeanSomething) {
    begin(0);
    for (unsigned queue = 2; queue < 8; ++queue)
        write(queue, "to nobody");
    EXPECT_EQ(type(0, "from nobody"), 11u);
    EXPECT_TRUE(heard.calls.empty());
    for (unsigned queue = 2; queue < 8; ++queue)
        EXPECT_EQ(queues[queue].used_index(), 0) << queue;
    registers.set(Status, 0);
    EXPECT_EQ(registers.get(Status), 0u);
}

TEST_F(ConsoleTest, PortsAreAddedNamedAndOpened) {
    begin(multiport_bit);
    add_control_buffers(20);
    say(0, device_ready, 1);
    EXPECT_EQ(hear(), (std::vector<Message>{{0, device_add, 0}, {1, device_add, 0}, {2, device_add, 0}}));
    say(0, port_ready, 1);
    EXPECT_EQ(hear(),
              (std::vector<Message>{{0, console_port, 1}, {0, port_open, 1}, {0, resize, 0, {"\x50\0\x19\0", 4}}}));
    say(2, port_ready, 1);
    EXPECT_EQ(hear(), (std::vector<Message>{{2, port_name, 1, "log"}, {2, port_open, 1}}));
}

TEST_F(ConsoleTest, MessagesWaitForTheGuestsBuffersInOrder) {
    begin(multiport_bit);
    say(0, device_ready, 1);
    say(1, port_ready, 1);
    EXPECT_TRUE(hear().empty());
    add_control_buffers(2);
    EXPECT_EQ(hear(), (std::vector<Message>{{0, device_add, 0}, {1, device_add, 0}}));
    add_control_buffers(5);
    EXPECT_EQ(hear(), (std::vector<Message>{{1, port_name, 1, "agent"}, {1, port_open, 1}, {2, device_add, 0}}));
}

TEST_F(ConsoleTest, AGuestThatAsksAgainAndAgainIsNotRememberedTwice) {
    begin(multiport_bit);
    for (unsigned count = 0; count < 100; ++count)
        say(0, device_ready, 1);
    add_control_buffers(20);
    EXPECT_EQ(hear().size(), 3u);
}

TEST_F(ConsoleTest, AMessageInATooShortBufferIsCut) {
    begin(multiport_bit);
    control_length = 10;
    add_control_buffers(20);
    say(1, port_ready, 1);
    EXPECT_EQ(hear(), (std::vector<Message>{{1, port_name, 1, "ag"}, {1, port_open, 1}}));
}

TEST_F(ConsoleTest, BadMessagesAreIgnored) {
    begin(multiport_bit);
    add_control_buffers(20);
    say(3, port_ready, 1);
    say(~0u, port_open, 1);
    say(0, port_ready, 0);
    say(0, device_ready, 0);
    say(0, port_name, 1);
    say(0, 0xffff, 1);
    say(0, device_ready, 1, 7); // cut short
    EXPECT_TRUE(hear().empty());
    EXPECT_EQ(queues[3].harvest().size(), 7u);
    EXPECT_FALSE(mmio.awaits_reset());
}

TEST_F(ConsoleTest, TheGuestOpensAndClosesPorts) {
    begin_ports();
    EXPECT_FALSE(console.port_open(1));
    say(1, port_open, 1);
    EXPECT_TRUE(console.port_open(1));
    EXPECT_FALSE(console.port_open(2));
    say(1, port_open, 0);
    EXPECT_FALSE(console.port_open(1));
}

TEST_F(ConsoleTest, EachPortHasQueuesOfItsOwn) {
    begin_ports();
    say(2, port_open, 1);
    write(7, "to the log");
    EXPECT_EQ(heard.calls, (std::vector<std::pair<unsigned, std::string>>{{2, "to the log"}}));
    queues[6].add({{Ram::buffer(0x100), 16, true}});
    EXPECT_EQ(type(2, "back"), 4u);
    EXPECT_EQ(memory.text(Ram::buffer(0x100), 4), "back");
}

TEST_F(ConsoleTest, InputForAClosedPortWaitsUntilItIsOpen) {
    begin_ports();
    queues[4].add({{Ram::buffer(0x100), 16, true}});
    registers.notify(4);
    EXPECT_EQ(type(1, "early"), 5u);
    EXPECT_EQ(queues[4].used_index(), 0);
    say(1, port_open, 1);
    EXPECT_EQ(memory.text(Ram::buffer(0x100), 5), "early");
}

TEST_F(ConsoleTest, InputForNoPortIsNotTaken) {
    EXPECT_EQ(type(3, "x"), 0u);
    EXPECT_EQ(type(~0u, "x"), 0u);
}

TEST_F(ConsoleTest, AResizeIsToldInBothPlaces) {
    begin_ports();
    const std::uint32_t generation = registers.get(ConfigGeneration);
    console.resize(132, 43);
    EXPECT_EQ(hear(), (std::vector<Message>{{0, resize, 0, {"\x84\0\x2b\0", 4}}}));
    EXPECT_EQ(mmio.read(Config, 2), 132u);
    EXPECT_EQ(mmio.read(Config + 2, 2), 43u);
    EXPECT_NE(registers.get(ConfigGeneration), generation);
    EXPECT_TRUE(registers.get(InterruptStatus) & 2);
}

TEST_F(ConsoleTest, ABrokenControlQueueStopsTheConsole) {
    begin_ports();
    queues[2].make_available(usual_queue_size);
    say(0, device_ready, 1); // uses up the buffers that there are
    for (unsigned count = 0; count < 10; ++count)
        say(0, device_ready, 1);
    EXPECT_TRUE(mmio.awaits_reset());
    write(1, "unheard");
    EXPECT_TRUE(heard.calls.empty());
}

TEST_F(ConsoleTest, AQueueThatAnotherOneStoppedHasNothingMoreToDo) {
    ASSERT_TRUE(registers.negotiate(multiport_bit | feature::common));
    queues = {{memory, 0}, {memory, 1}, {memory, 2}, {memory, 3, 1}}; // one message is all that a round takes
    for (unsigned index = 0; index < queues.size(); ++index)
        registers.place(index, queues[index].layout());
    registers.drive();
    queues[2].make_available(usual_queue_size);
    say(0, device_ready, 1);
    EXPECT_TRUE(mmio.awaits_reset());
    EXPECT_FALSE(mmio.more_to_do());
}

}
