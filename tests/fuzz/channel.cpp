// SPDX-License-Identifier: Apache-2.0
// A channel whose other side writes what it likes into the memory that both share: this side stays within it, and takes
// and gives no more than the rings hold.
#include <cstdlib>
#include <cstring>

#include "sdk/channel.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr sdk::Channel::Shape shape{256, 64};
    alignas(4096) static std::array<std::byte, shape.bytes()> memory;
    memory = {};
    sdk::Channel channel{memory, shape, sdk::Channel::Side::First, [] {}};
    std::array<std::byte, 512> piece{};
    for (std::size_t at = 0; at + 4 <= size; at += 4) {
        const std::size_t count = data[at + 1] + std::size_t{256} * data[at + 2];
        const auto bytes = std::span{piece}.first(count % piece.size());
        switch (data[at] % 8) {
        case 0: // what the peer can do: any byte of the words, and of the data
        case 1: memory[count % 256] = std::byte{data[at + 3]}; break;
        case 2: memory[count % memory.size()] = std::byte{data[at + 3]}; break;
        case 3:
            if (channel.write(bytes) > shape.first_writes)
                std::abort();
            break;
        case 4:
            if (channel.read(bytes) > shape.second_writes)
                std::abort();
            break;
        case 5:
            if (channel.write_both(bytes, bytes) && 2 * bytes.size() > shape.first_writes)
                std::abort();
            break;
        case 6:
            if (channel.peek(bytes)) {
                if (bytes.size() > shape.second_writes)
                    std::abort();
                channel.drop(bytes.size());
            }
            break;
        case 7:
            if (channel.room() > shape.first_writes || channel.available() > shape.second_writes)
                std::abort();
            channel.arm_input();
            channel.arm_output(count);
            break;
        }
    }
    return 0;
}
