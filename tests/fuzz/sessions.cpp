// SPDX-License-Identifier: Apache-2.0
// A hostile host at the control channel, up to where the manager's part begins: the stream is taken apart, sessions
// come and go, machines' monitors write and read meanwhile.
#include <cstring>
#include <memory>

#include "base/control_frames.hpp"
#include "services/console/sessions.hpp"

namespace {

struct Memory {
    alignas(4096) std::array<std::byte, MachineConsole::memory_bytes> bytes{};
};

/// The machine's end of the debug channel.
struct Monitor {
    explicit Monitor(Memory& memory)
        : channel{std::span{memory.bytes}.subspan(sdk::console_shape.bytes(), sdk::debug_shape.bytes()),
                  sdk::debug_shape, sdk::Channel::Side::First, [] {}} {}
    void tell(std::span<const std::byte> bytes) {
        const control::FrameHeader header{static_cast<std::uint32_t>(bytes.size() - 2),
                                          static_cast<std::uint16_t>(static_cast<unsigned>(bytes[0]) % 10),
                                          static_cast<std::uint16_t>(bytes[1])};
        (void)channel.write_both(control::bytes_of(header), bytes.subspan(2));
        std::array<std::byte, 512> heard;
        (void)channel.read(heard);
    }
    sdk::Channel channel;
};

/// A frame that is well formed but for what the fuzzer says.
std::vector<std::byte> framed(std::span<const std::byte> bytes) {
    control::FrameHeader header{0, static_cast<std::uint16_t>(bytes[0]), static_cast<std::uint16_t>(bytes[1])};
    std::vector<std::byte> payload(bytes.begin() + 2, bytes.end());
    if (header.type == static_cast<std::uint16_t>(control::FrameType::Request)) {
        payload.resize(sizeof(control::Request));
        std::fill(payload.begin() + 4, payload.begin() + 8, std::byte{});
        std::memset(payload.data() + 16, 0, control::name_limit);
        std::memcpy(payload.data() + 16, "one", 3);
        payload[1] = std::byte{};
        payload[3] = std::byte{};
    }
    std::vector<std::byte> frame(payload.size() + control::frame_overhead);
    control::encode(frame, static_cast<control::FrameType>(header.type), header.session, payload);
    return frame;
}

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Memory memory;
    memory = {};
    MachineConsoles machines;
    machines[1] = std::make_unique<MachineConsole>("one", memory.bytes);
    machines[1]->start([](std::uint64_t) {});
    Sessions sessions{machines};
    static control::Decoder::Storage storage;
    control::Decoder decoder{storage};
    Monitor monitor{memory};
    const auto hear = [&](std::span<const std::byte> bytes) {
        decoder.feed(bytes, [&](const control::FrameHeader& header, std::span<const std::byte> payload) {
            sessions.from_host({header, payload});
        });
    };
    std::array<std::byte, sizeof(control::Hello) + control::frame_overhead> hello{};
    control::Hello first{};
    first.magic = control::hello_magic;
    control::encode(hello, control::FrameType::Hello, 0, control::bytes_of(first));
    hear(hello);
    std::span<const std::byte> rest = std::as_bytes(std::span{data, size});
    while (rest.size() > 4) {
        const std::size_t act = data[size - rest.size()] % 8;
        const auto bytes =
            rest.subspan(1, std::min<std::size_t>(rest.size() - 1, 3 + static_cast<std::size_t>(rest[1]) % 60));
        rest = rest.subspan(bytes.size() + 1);
        if (bytes.size() < 3)
            break;
        switch (act) {
        case 0: hear(bytes); break;
        case 1:
        case 2: hear(framed(bytes)); break;
        case 3: machines[1]->history().append(bytes); break;
        case 4: memory.bytes[static_cast<std::size_t>(bytes[0]) % 256] = bytes[1]; break;
        case 6: // the monitor says something to those who watch, or writes what it likes where the ring's positions are
            monitor.tell(bytes);
            break;
        case 7: memory.bytes[sdk::console_shape.bytes() + static_cast<std::size_t>(bytes[0])] = bytes[1]; break;
        case 5:
            sessions.from_manager({{static_cast<std::uint32_t>(bytes.size() - 2), static_cast<std::uint16_t>(bytes[0]),
                                    static_cast<std::uint16_t>(bytes[1])},
                                   bytes.subspan(2)});
            break;
        }
        if (data[size - rest.size() - 1] == 0xff && machines[1]->running()) {
            sessions.ended(1);
            machines[1]->stop();
        }
        machines[1]->take_output(4096);
        sessions.pump();
        constexpr std::size_t plenty = 1 << 20;
        if (sessions.to_host().size() > plenty)
            __builtin_trap();
        sessions.to_host().drop(sessions.to_host().size());
        sessions.to_manager().drop(sessions.to_manager().size());
    }
    return 0;
}
