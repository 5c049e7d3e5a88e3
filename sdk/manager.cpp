// SPDX-License-Identifier: Apache-2.0
#include "sdk/manager.hpp"

#include "sdk/granted_channel.hpp"
#include "sdk/mutex.hpp"

namespace sdk::manager {

namespace {

constinit std::optional<GrantedChannel> state;
constinit Mutex report_mutex;

}

bool open() {
    if (!state)
        state = GrantedChannel::open(startup().manager_channel, control_shape);
    return state.has_value();
}

std::optional<Message> take_order() {
    Header header;
    if (!state || !state->channel.peek(std::as_writable_bytes(std::span{&header, 1})))
        return {};
    std::array<std::byte, sizeof(Header) + message_limit> bytes;
    if (header.bytes > message_limit || !state->channel.peek(std::span{bytes}.first(sizeof header + header.bytes)))
        return {};
    state->channel.drop(sizeof header + header.bytes);
    Message message{static_cast<Order>(header.kind), {}};
    if (header.bytes == sizeof message.size)
        std::memcpy(&message.size, bytes.data() + sizeof header, sizeof message.size);
    return message;
}

bool arm() {
    return state && state->channel.arm_input();
}

void report(Report kind, std::span<const std::byte> bytes) {
    if (!state)
        return;
    bytes = bytes.first(std::min(bytes.size(), message_limit));
    const Header header{static_cast<std::uint32_t>(kind), static_cast<std::uint32_t>(bytes.size())};
    const Guard guard{report_mutex};
    (void)state->channel.write_both(std::as_bytes(std::span{&header, 1}), bytes);
}

}
