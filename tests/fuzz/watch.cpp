// SPDX-License-Identifier: Apache-2.0
// A hostile console service at a monitor's debug channel: sessions of debuggers and traces begin, say something and end
// in any order, and the ring's positions are what it likes.
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "base/control_frames.hpp"
#include "monitors/machine/watch_channel.hpp"

namespace {

struct Listener final : machine::WatchChannel::Listener {
    machine::WatchChannel* watch = nullptr;
    std::string answer;
    bool traces = false, attached = false;

    void debugger_says(std::byte byte) override {
        answer.assign(static_cast<std::size_t>(byte) * 32, 'a');
        watch->send(std::as_bytes(std::span{answer}));
    }
    void debugger_left() override {}
    bool begin_trace() override {
        if (std::exchange(traces, true))
            std::abort(); // the one before has not been ended
        return true;
    }
    void end_trace() override {
        if (!std::exchange(traces, false))
            std::abort();
    }
};

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    alignas(4096) static std::array<std::byte, sdk::debug_shape.bytes()> memory;
    memory = {};
    sdk::Channel service{memory, sdk::debug_shape, sdk::Channel::Side::Second, [] {}};
    Listener listener;
    machine::WatchChannel watch{{memory, sdk::debug_shape, sdk::Channel::Side::First, [] {}}, listener};
    listener.watch = &watch;
    std::span<const std::byte> rest = std::as_bytes(std::span{data, size});
    while (rest.size() >= 4) {
        const auto act = static_cast<unsigned>(rest[0]), session = static_cast<unsigned>(rest[2]) % 4;
        const auto length = static_cast<unsigned>(rest[3]);
        const auto payload = rest.subspan(4, std::min<std::size_t>(length, rest.size() - 4));
        control::Request request{};
        request.verb = static_cast<std::uint16_t>(14 + length % 3);
        const control::FrameHeader header{static_cast<std::uint32_t>(payload.size()),
                                          static_cast<std::uint16_t>(static_cast<unsigned>(rest[1]) % 10),
                                          static_cast<std::uint16_t>(session)};
        switch (act % 6) {
        case 0: // a request that is one
            (void)service.write_both(
                control::bytes_of(control::FrameHeader{sizeof request, 2, static_cast<std::uint16_t>(session)}),
                control::bytes_of(request));
            break;
        case 1:
        case 2: (void)service.write_both(control::bytes_of(header), payload); break;
        case 3: (void)service.write(payload); break;
        case 4: memory[(act + 7 * length) % 256] = rest[1]; break;
        case 5: {
            std::array<std::byte, 4096> heard;
            (void)service.read(std::span{heard}.first(16 * length));
            break;
        }
        }
        rest = rest.subspan(4 + payload.size());
        watch.poll();
        (void)watch.arm();
        const std::vector<control::TraceRecord> records(std::min<std::size_t>(watch.record_room(), 64));
        watch.send(records);
    }
    return 0;
}
