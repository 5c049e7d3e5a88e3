// SPDX-License-Identifier: Apache-2.0
#include "sdk/console.hpp"

#include <optional>

#include "base/page.hpp"
#include "sdk/channel.hpp"
#include "sdk/mapping.hpp"
#include "sdk/mutex.hpp"
#include "sdk/startup.hpp"

namespace sdk::console {

namespace {

struct State {
    Mapping memory;
    Channel channel;
    Event pause; ///< nobody raises it
    bool stuck = false;
};
constinit std::optional<State> state;
constinit Mutex write_mutex;

}

bool open() {
    const Startup::Channel& granted = startup().console_channel;
    if (granted.memory == 0 || state)
        return state.has_value();
    auto memory = Mapping::create(granted.memory, 0, pages_for(console_shape.bytes()));
    auto pause = Event::create();
    if (!memory || !pause)
        return false;
    const auto bytes = memory->bytes();
    state.emplace(std::move(*memory),
                  Channel{bytes, console_shape, Channel::Side::First,
                          [] {
                              const auto& service = startup().console_channel;
                              (void)call(abi::Call::EventSignal, service.event, service.bits);
                          }},
                  std::move(*pause));
    return true;
}

bool is_open() {
    return state.has_value();
}

std::size_t write(std::span<const std::byte> bytes) {
    if (!state)
        return 0;
    const Guard guard{write_mutex};
    const std::uint64_t hertz = system_info(abi::SystemFact::TimebaseHertz), nap = hertz / 4000;
    std::uint64_t deadline = now() + (state->stuck ? 0 : hertz);
    std::size_t written = 0;
    for (;;) {
        const std::size_t count = state->channel.write(bytes.subspan(written));
        written += count;
        if (written == bytes.size())
            break;
        if (count != 0)
            deadline = now() + hertz;
        if (now() >= deadline)
            break;
        (void)state->pause.wait(1, now() + nap);
    }
    state->stuck = written != bytes.size();
    return written;
}

std::size_t read(std::span<std::byte> to) {
    return state ? state->channel.read(to) : 0;
}

bool arm() {
    return state && state->channel.arm_input();
}

}
