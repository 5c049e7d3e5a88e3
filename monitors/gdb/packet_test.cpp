// SPDX-License-Identifier: Apache-2.0
#include "monitors/gdb/packet.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace {

using gdb::PacketReader;
using Found = PacketReader::Found;

/// What the reader found, without Nothing.
std::vector<Found> feed(PacketReader& reader, std::string_view text) {
    std::vector<Found> found;
    for (const char each : text)
        if (const Found what = reader.take(static_cast<std::byte>(each)); what != Found::Nothing)
            found.push_back(what);
    return found;
}

TEST(packet, a_packet_is_found_between_other_bytes) {
    PacketReader reader;
    EXPECT_EQ(feed(reader, "++junk$g#67"), std::vector{Found::Packet});
    EXPECT_EQ(reader.payload(), "g");
}

TEST(packet, a_wrong_checksum_is_damage) {
    PacketReader reader;
    EXPECT_EQ(feed(reader, "$g#68"), std::vector{Found::Damaged});
    EXPECT_EQ(feed(reader, "$g#6x"), std::vector{Found::Damaged});
    EXPECT_EQ(feed(reader, "$g#x7"), std::vector{Found::Damaged});
    EXPECT_EQ(feed(reader, "$g#67"), std::vector{Found::Packet}) << "the next one is taken";
}

TEST(packet, escaped_bytes_are_themselves_again) {
    PacketReader reader;
    const std::string packet = gdb::encode("X#$}*\x03");
    EXPECT_EQ(feed(reader, packet), std::vector{Found::Packet});
    EXPECT_EQ(reader.payload(), "X#$}*\x03");
    EXPECT_EQ(packet.find('#'), packet.size() - 3) << "none but the last";
}

TEST(packet, control_c_counts_only_outside_of_packets) {
    PacketReader reader;
    EXPECT_EQ(feed(reader, "\x03"), std::vector{Found::Interrupt});
    EXPECT_EQ(feed(reader, "$\x03#03"), std::vector{Found::Packet});
}

TEST(packet, one_that_is_too_long_is_damage_and_takes_no_more_memory) {
    PacketReader reader;
    EXPECT_TRUE(feed(reader, "$" + std::string(100 * gdb::packet_limit, 'a')).empty());
    EXPECT_EQ(reader.payload().size(), gdb::packet_limit);
    EXPECT_EQ(feed(reader, "#00"), std::vector{Found::Damaged});
}

TEST(packet, a_minus_asks_for_the_last_answer_again) {
    PacketReader reader;
    EXPECT_EQ(feed(reader, "-"), std::vector{Found::Resend});
}

}
