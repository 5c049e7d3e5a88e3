// SPDX-License-Identifier: Apache-2.0
#include "monitors/gdb/packet.hpp"

#include "monitors/gdb/hex.hpp"

namespace gdb {

namespace {

constexpr char escape = '}', escape_flip = 0x20, interrupt = 3;

}

void PacketReader::add(char character) {
    if (payload_.size() < packet_limit)
        payload_.push_back(character);
    else
        too_long_ = true;
}

PacketReader::Found PacketReader::take(std::byte byte) {
    const auto character = static_cast<char>(byte);
    switch (state_) {
    case State::Outside:
        if (character == '$') {
            state_ = State::Inside;
            payload_.clear();
            too_long_ = false;
            sum_ = 0;
        }
        return character == interrupt ? Found::Interrupt : character == '-' ? Found::Resend : Found::Nothing;
    case State::Inside:
        if (character == '#') {
            state_ = State::FirstDigit;
            return Found::Nothing;
        }
        sum_ = static_cast<std::uint8_t>(sum_ + static_cast<std::uint8_t>(byte));
        if (character == escape)
            state_ = State::Escaped;
        else
            add(character);
        return Found::Nothing;
    case State::Escaped:
        sum_ = static_cast<std::uint8_t>(sum_ + static_cast<std::uint8_t>(byte));
        add(static_cast<char>(character ^ escape_flip));
        state_ = State::Inside;
        return Found::Nothing;
    case State::FirstDigit:
        given_ = static_cast<std::uint8_t>(digit_value(character).value_or(0) << 4);
        if (!digit_value(character))
            too_long_ = true; // whatever comes, it is not well
        state_ = State::SecondDigit;
        return Found::Nothing;
    case State::SecondDigit:
        state_ = State::Outside;
        const auto low = digit_value(character);
        return low && !too_long_ && (given_ | *low) == sum_ ? Found::Packet : Found::Damaged;
    }
    return Found::Nothing;
}

std::string encode(std::string_view payload) {
    std::string packet{'$'};
    std::uint8_t sum = 0;
    const auto put = [&](char character) {
        packet.push_back(character);
        sum = static_cast<std::uint8_t>(sum + static_cast<std::uint8_t>(character));
    };
    for (const char character : payload)
        if (character == '$' || character == '#' || character == '*' || character == escape) {
            put(escape);
            put(static_cast<char>(character ^ escape_flip));
        } else {
            put(character);
        }
    packet.push_back('#');
    append_hex(packet, sum);
    return packet;
}

}
