// SPDX-License-Identifier: Apache-2.0
#include "sdk/channel.hpp"

#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace {

using sdk::Channel;

constexpr Channel::Shape shape{64, 32};

struct Pair {
    alignas(4096) std::array<std::byte, shape.bytes()> memory{};
    unsigned first_woken = 0, second_woken = 0;
    Channel first{memory, shape, Channel::Side::First, [this] { ++second_woken; }};
    Channel second{memory, shape, Channel::Side::Second, [this] { ++first_woken; }};
    sdk::RingWords& words(std::size_t which) { return reinterpret_cast<sdk::RingWords*>(memory.data())[which]; }
};

std::span<const std::byte> bytes(std::string_view text) {
    return std::as_bytes(std::span{text});
}

std::string read(Channel& channel, std::size_t most = 100) {
    std::string text(most, '\0');
    text.resize(channel.read(std::as_writable_bytes(std::span{text})));
    return text;
}

TEST(Channel, what_one_side_writes_the_other_reads) {
    Pair pair;
    EXPECT_EQ(pair.first.write(bytes("hello")), 5u);
    EXPECT_EQ(pair.second.write(bytes("there")), 5u);
    EXPECT_EQ(read(pair.second), "hello");
    EXPECT_EQ(read(pair.first), "there");
    EXPECT_EQ(read(pair.first), "");
}

TEST(Channel, takes_no_more_than_there_is_room_for_and_wraps) {
    Pair pair;
    const std::string text(50, 'a');
    for (int round = 0; round < 10; ++round) {
        EXPECT_EQ(pair.first.write(bytes(text)), 50u);
        EXPECT_EQ(pair.first.write(bytes("bcdefghijklmnopqrst")), 14u);
        EXPECT_EQ(read(pair.second), text + "bcdefghijklmno");
    }
}

TEST(Channel, two_pieces_go_together_or_not_at_all) {
    Pair pair;
    EXPECT_TRUE(pair.first.write_both(bytes("head"), bytes(std::string(60, 'x'))));
    EXPECT_FALSE(pair.first.write_both(bytes("a"), {}));
    EXPECT_EQ(read(pair.second, 4), "head");
    EXPECT_TRUE(pair.first.write_both(bytes("ab"), bytes("cd")));
    EXPECT_FALSE(pair.first.write_both(bytes(std::string(65, 'x')), {}));
}

TEST(Channel, another_program_goes_on_where_the_last_one_of_its_side_was) {
    Pair pair;
    pair.first.write(bytes("taken"));
    EXPECT_EQ(read(pair.second), "taken");
    pair.first.write(bytes("left"));
    pair.second.write(bytes("typed"));
    Channel next{pair.memory, shape, Channel::Side::Second, [] {}};
    next.go_on();
    EXPECT_EQ(read(next), "left");
    EXPECT_EQ(next.write(bytes("more")), 4u);
    EXPECT_EQ(read(pair.first), "typedmore");
    EXPECT_FALSE(next.broken());
}

TEST(Channel, who_has_written_where_it_may_not_is_unheard_by_the_next_program_too) {
    for (const std::uint32_t wrong : {1u, 1000u, ~0u}) {
        Pair pair;
        pair.first.write(bytes("some"));
        pair.words(0).read = wrong;
        Channel next{pair.memory, shape, Channel::Side::Second, [] {}};
        next.go_on();
        EXPECT_LE(read(next).size(), shape.first_writes); // of its own memory, whatever that holds
        EXPECT_EQ(next.broken(), wrong == 1000u);
    }
}

TEST(Channel, a_look_takes_nothing) {
    Pair pair;
    std::array<std::byte, 3> look{};
    pair.first.write(bytes("ab"));
    EXPECT_FALSE(pair.second.peek(look));
    pair.first.write(bytes("c"));
    EXPECT_TRUE(pair.second.peek(look));
    EXPECT_EQ(static_cast<char>(look[2]), 'c');
    pair.second.drop(1);
    EXPECT_EQ(read(pair.second), "bc");
}

TEST(Channel, wakes_the_peer_only_when_it_has_asked_for_it) {
    Pair pair;
    pair.first.write(bytes("a"));
    EXPECT_EQ(pair.second_woken, 0u);
    EXPECT_TRUE(pair.second.arm_input()); // there is something already
    read(pair.second);
    EXPECT_FALSE(pair.second.arm_input());
    pair.first.write(bytes("b"));
    pair.first.write(bytes("c"));
    EXPECT_EQ(pair.second_woken, 1u);
}

TEST(Channel, nobody_is_woken_for_nothing) {
    Pair pair;
    EXPECT_FALSE(pair.second.arm_input());
    EXPECT_EQ(pair.first.write({}), 0u);
    EXPECT_FALSE(pair.first.write_both(bytes(std::string(65, 'x')), {}));
    EXPECT_EQ(pair.second_woken, 0u);
    pair.first.write(bytes("a"));
    EXPECT_EQ(pair.second_woken, 1u);
}

TEST(Channel, wakes_the_writer_that_waits_for_room) {
    Pair pair;
    pair.first.write(bytes(std::string(64, 'x')));
    EXPECT_FALSE(pair.first.arm_output(1));
    read(pair.second, 1);
    read(pair.second, 1);
    EXPECT_EQ(pair.first_woken, 1u);
}

TEST(Channel, a_peer_that_writes_nonsense_makes_itself_unheard_and_no_more) {
    Pair pair;
    pair.words(0).written = 65; // more than the ring holds
    EXPECT_EQ(pair.second.available(), 0u);
    EXPECT_EQ(read(pair.second), "");
    EXPECT_TRUE(pair.second.broken());
    pair.words(0).read = 1; // more than was written
    EXPECT_EQ(pair.first.room(), 0u);
    EXPECT_EQ(pair.first.write(bytes("a")), 0u);
    EXPECT_TRUE(pair.first.broken());
}

TEST(Channel, carries_everything_in_order_between_threads) {
    Pair pair;
    constexpr std::size_t count = 200'000;
    std::thread writer{[&] {
        for (std::size_t sent = 0; sent < count;) {
            const std::byte next{static_cast<unsigned char>(sent % 251)};
            sent += pair.first.write({&next, 1});
        }
    }};
    std::size_t wrong = 0;
    for (std::size_t seen = 0; seen < count;) {
        std::array<std::byte, 7> piece;
        const std::size_t got = pair.second.read(piece);
        for (std::size_t i = 0; i < got; ++i, ++seen)
            wrong += piece[i] != std::byte{static_cast<unsigned char>(seen % 251)};
    }
    writer.join();
    EXPECT_EQ(wrong, 0u);
}

}
