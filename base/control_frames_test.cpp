// SPDX-License-Identifier: Apache-2.0
#include "base/control_frames.hpp"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using Bytes = std::vector<std::byte>;

Bytes frame(control::FrameType type, std::uint16_t session, std::span<const std::byte> payload) {
    Bytes bytes(control::frame_overhead + payload.size());
    EXPECT_EQ(control::encode(bytes, type, session, payload), bytes.size());
    return bytes;
}

Bytes hello(std::uint64_t nonce = 1) {
    control::Hello message{};
    message.magic = control::hello_magic;
    message.nonce = nonce;
    return frame(control::FrameType::Hello, 0, control::bytes_of(message));
}

Bytes data(const std::string& text, std::uint16_t session = 1) {
    return frame(control::FrameType::Data, session, std::as_bytes(std::span{text}));
}

Bytes operator+(Bytes left, const Bytes& right) {
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

struct Receiver {
    std::unique_ptr<control::Decoder::Storage> storage = std::make_unique<control::Decoder::Storage>();
    control::Decoder decoder{*storage};
    std::vector<std::string> seen; ///< "type session payload"

    std::vector<std::string> take(const Bytes& bytes, std::size_t piece = 100'000) {
        seen.clear();
        for (std::size_t at = 0; at < bytes.size(); at += piece)
            decoder.feed(std::span{bytes}.subspan(at, std::min(piece, bytes.size() - at)),
                         [&](const control::FrameHeader& header, std::span<const std::byte> payload) {
                             std::string text(payload.size(), '\0');
                             std::ranges::transform(payload, text.begin(), [](std::byte b) { return char(b); });
                             const bool is_hello = header.type == std::uint16_t(control::FrameType::Hello);
                             seen.push_back(std::to_string(header.type) + " " + std::to_string(header.session) +
                                            (is_hello ? "" : " " + text));
                         });
        return seen;
    }
};

using Seen = std::vector<std::string>;

TEST(ControlFrames, ComeOutAsTheyWentInHoweverTheyAreCut) {
    const Bytes stream = hello() + data("one") + data("") + data("three", 65535);
    for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
        Receiver receiver;
        EXPECT_EQ(receiver.take(stream, piece), (Seen{"1 0", "3 1 one", "3 1 ", "3 65535 three"}));
    }
}

TEST(ControlFrames, OfTheLargestSizeFit) {
    Receiver receiver;
    const std::string large(control::payload_limit, 'x');
    EXPECT_EQ(receiver.take(hello() + data(large)), (Seen{"1 0", "3 1 " + large}));
}

TEST(ControlFrames, BeforeAHelloAreNotSeen) {
    Receiver receiver;
    EXPECT_EQ(receiver.take(data("lost") + hello() + data("seen")), (Seen{"1 0", "3 1 seen"}));
}

TEST(ControlFrames, ThatAreNoneMakeItLookForAHello) {
    for (const Bytes& bad : {Bytes(8), frame(control::FrameType{0}, 1, {}), frame(control::FrameType{9}, 1, {}),
                             Bytes(8, std::byte{0xff})}) {
        Receiver receiver;
        EXPECT_EQ(receiver.take(hello() + data("a") + bad + data("b") + hello() + data("c")),
                  (Seen{"1 0", "3 1 a", "1 0", "3 1 c"}));
    }
}

TEST(ControlFrames, WithoutTheirEndMarkAreNotSeen) {
    Receiver receiver;
    Bytes broken = data("b");
    broken.back() ^= std::byte{1};
    EXPECT_EQ(receiver.take(hello() + broken + hello()), (Seen{"1 0", "1 0"}));
}

TEST(ControlFrames, CutAnywhereNeverHideTheNextConnectionsHello) {
    const Bytes whole = hello() + data(std::string(300, 'x')) + data(std::string(control::payload_limit, 'y'));
    for (std::size_t cut = 0; cut < whole.size(); cut += cut < 450 ? 1 : 997) {
        Receiver receiver;
        (void)receiver.take({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(cut)});
        const Bytes preamble(control::preamble_bytes);
        EXPECT_EQ(receiver.take(preamble + hello() + data("new")), (Seen{"1 0", "3 1 new"})) << cut;
    }
}

TEST(ControlFrames, HelloIsFoundBehindItsOwnBeginning) {
    const Bytes one = hello();
    for (std::ptrdiff_t cut = 0; cut < 16; ++cut) {
        Receiver receiver;
        EXPECT_EQ(receiver.take(Bytes{one.begin(), one.begin() + cut} + one), (Seen{"1 0"})) << cut;
    }
}

TEST(ControlMessages, AreCopiedOnlyWhole) {
    const control::Credit credit{77};
    const auto bytes = control::bytes_of(credit);
    EXPECT_EQ(control::message_in<control::Credit>(bytes)->bytes, 77u);
    EXPECT_FALSE(control::message_in<control::Credit>(bytes.first(7)));
}

TEST(ControlMessages, TextsEndInTheirArray) {
    EXPECT_EQ(control::text_in(control::array_of<control::Name>("debian")), "debian");
    EXPECT_EQ(control::text_in(control::array_of<control::Name>(std::string(40, 'n')))->size(), 31u);
    control::Name endless;
    endless.fill('x');
    EXPECT_FALSE(control::text_in(endless));
}

TEST(ControlMessages, NamesAreThoseOfTheManifest) {
    EXPECT_TRUE(control::valid_name("a-0"));
    for (const char* name : {"", "A", "a b", "a/b", "abcdefghijklmnopqrstuvwxyzabcdef"})
        EXPECT_FALSE(control::valid_name(name)) << name;
}

}
