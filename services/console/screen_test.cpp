// SPDX-License-Identifier: Apache-2.0
#include "services/console/screen.hpp"

#include <gtest/gtest.h>

namespace {

struct Terminal {
    struct Memory {
        alignas(4096) std::array<std::byte, MachineConsole::memory_bytes> bytes{};
    };
    std::vector<std::unique_ptr<Memory>> memories;
    MachineConsoles machines;
    std::string shown;
    Screen screen{machines, [this](std::span<const std::byte> bytes) {
                      shown.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
                  }};

    explicit Terminal(std::initializer_list<const char*> names) {
        for (const char* name : names) {
            memories.push_back(std::make_unique<Memory>());
            auto& machine = machines[memories.size() - 1];
            machine = std::make_unique<MachineConsole>(name, memories.back()->bytes);
            machine->start([](std::uint64_t) {});
            screen.changed();
        }
        screen.choose();
    }
    /// The monitor's end of a machine's console.
    sdk::Channel monitor(std::size_t slot) {
        return {std::span{memories[slot]->bytes}.first(sdk::console_shape.bytes()), sdk::console_shape,
                sdk::Channel::Side::First, [] {}};
    }
    void write(std::size_t slot, std::string_view text) {
        machines[slot]->history().append(std::as_bytes(std::span{text}));
    }
    std::size_t type(std::string_view keys) { return screen.input(std::as_bytes(std::span{keys})); }
    std::string take() {
        (void)screen.update();
        return std::exchange(shown, {});
    }
    std::string heard(std::size_t slot) {
        auto channel = monitor(slot);
        std::string text(100, '\0');
        text.resize(channel.read(std::as_writable_bytes(std::span{text})));
        return text;
    }
};

TEST(Screen, belongs_to_a_single_machine_and_nothing_is_added) {
    Terminal terminal{"one"};
    terminal.write(0, "raw \x1b[2J\r\n");
    EXPECT_EQ(terminal.take(), "raw \x1b[2J\r\n");
    terminal.type("\x1dl\x1d?");
    EXPECT_EQ(terminal.heard(0), "\x1dl\x1d?");
    EXPECT_EQ(terminal.take(), "");
}

TEST(Screen, shows_lines_of_several_machines_with_their_names) {
    Terminal terminal{"one", "two"};
    terminal.write(0, "first \x1b[2Jli");
    terminal.write(1, "other\r\n");
    EXPECT_EQ(terminal.take(), "\x1b[33mtwo\x1b[0m | other\r\n");
    EXPECT_TRUE(terminal.screen.has_open_lines());
    terminal.write(0, "ne\r\nrest");
    EXPECT_EQ(terminal.take(), "\x1b[36mone\x1b[0m | first line\r\n");
    terminal.screen.flush_lines();
    EXPECT_EQ(terminal.take(), "\x1b[36mone\x1b[0m | rest\r\n");
    terminal.type("nobody hears this");
    EXPECT_EQ(terminal.heard(0) + terminal.heard(1), "");
}

TEST(Screen, looks_at_those_machines_that_have_something_new) {
    Terminal terminal{"one", "two"};
    for (const std::size_t slot : {0u, 1u})
        terminal.write(slot, "new\n");
    EXPECT_TRUE(terminal.screen.update(slot_bit(1)));
    EXPECT_FALSE(terminal.screen.update(slot_bit(1) | slot_bit(40)));
    EXPECT_EQ(std::exchange(terminal.shown, {}), "\x1b[33mtwo\x1b[0m | new\r\n");
    EXPECT_EQ(terminal.take(), "\x1b[36mone\x1b[0m | new\r\n");
}

TEST(Screen, what_a_monitor_writes_goes_to_the_history_as_it_is) {
    Terminal terminal{"one"};
    auto monitor = terminal.monitor(0);
    const std::string much(MachineConsole::history_bytes - 10, 'x'), next{"over the end of the history"};
    terminal.write(0, much);
    (void)terminal.take();
    EXPECT_EQ(monitor.write(std::as_bytes(std::span{next})), next.size());
    EXPECT_TRUE(terminal.machines[0]->take_output(4));
    EXPECT_EQ(terminal.take(), "over");
    EXPECT_TRUE(terminal.machines[0]->arm(true)) << "there is more";
    EXPECT_TRUE(terminal.machines[0]->take_output(100));
    EXPECT_FALSE(terminal.machines[0]->take_output(100));
    EXPECT_FALSE(terminal.machines[0]->arm(true));
    EXPECT_EQ(terminal.take(), next.substr(4));
}

TEST(Screen, switches_by_number_name_and_next) {
    Terminal terminal{"one", "two", "three"};
    terminal.write(1, "kept");
    (void)terminal.take();
    terminal.type("\x1d"
                  "2a");
    EXPECT_EQ(terminal.take(), "\r\n--- two (Ctrl-] ? for help) ---\r\nkept");
    EXPECT_EQ(terminal.heard(1), "a");
    terminal.type("\x1dgtx\bhree\r");
    EXPECT_NE(terminal.take().find("--- three"), std::string::npos);
    terminal.type("\x1dn");
    EXPECT_NE(terminal.take().find("--- one"), std::string::npos);
    terminal.type("\x1dgnobody\r");
    EXPECT_NE(terminal.take().find("no machine is called that\r\n1 * one\r\n2   two\r\n3   three\r\n"),
              std::string::npos);
    terminal.type("\x1d\x1d");
    EXPECT_EQ(terminal.heard(0), "\x1d");
    terminal.type("\x1d"
                  "a");
    terminal.write(1, "later\n");
    EXPECT_NE(terminal.take().find("two\x1b[0m | later\r\n"), std::string::npos);
}

TEST(Screen, lets_what_is_typed_wait_until_the_machine_has_room) {
    Terminal terminal{"one", "two"};
    terminal.type("\x1d"
                  "1");
    const std::string keys(sdk::console_shape.second_writes + 10, 'k');
    EXPECT_EQ(terminal.type(keys), sdk::console_shape.second_writes);
    EXPECT_EQ(terminal.type("k"), 0u);
}

TEST(Screen, shows_all_when_the_machine_that_it_showed_goes) {
    Terminal terminal{"one", "two"};
    terminal.type("\x1d"
                  "2");
    (void)terminal.take();
    terminal.machines[1].reset();
    terminal.screen.changed();
    EXPECT_NE(terminal.take().find("--- all machines"), std::string::npos);
    terminal.write(0, "on\n");
    EXPECT_NE(terminal.take().find("one\x1b[0m | on\r\n"), std::string::npos);
}

TEST(History, keeps_the_last_bytes_and_tells_what_is_lost) {
    std::array<std::byte, 8> storage{};
    History history{storage};
    const auto append = [&](std::string_view text) { history.append(std::as_bytes(std::span{text})); };
    const auto read = [&](std::uint64_t& position, std::uint64_t& lost) {
        std::string text;
        for (;;) {
            const auto bytes = history.at(position, lost);
            if (bytes.empty())
                return text;
            text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
            position += bytes.size();
        }
    };
    std::uint64_t position = 0, lost = 0;
    append("abcde");
    EXPECT_EQ(read(position, lost), "abcde");
    append("fghij");
    EXPECT_EQ(read(position, lost), "fghij");
    EXPECT_EQ(lost, 0u);
    std::uint64_t late = 0;
    EXPECT_EQ(read(late, lost), "cdefghij");
    EXPECT_EQ(lost, 2u);
    append("0123456789abcdef");
    lost = 0;
    EXPECT_EQ(read(position, lost), "89abcdef");
    EXPECT_EQ(lost, 8u);
    history.clear();
    EXPECT_EQ(history.begin(), history.end());
    append("new");
    EXPECT_EQ(read(position, lost), "new");
}

}
