// SPDX-License-Identifier: Apache-2.0
#include "sdk/console.hpp"

#include <optional>

#include "sdk/event.hpp"
#include "sdk/granted_channel.hpp"
#include "sdk/mutex.hpp"
#include "sdk/time.hpp"

namespace sdk::console {

namespace {

struct State {
    GrantedChannel granted;
    Event pause; ///< nobody raises it
    bool stuck = false;
};
constinit std::optional<State> state;
constinit Mutex write_mutex;

}

bool open() {
    if (state)
        return true;
    auto granted = GrantedChannel::open(startup().console_channel, console_shape);
    auto pause = Event::create();
    if (granted && pause)
        state.emplace(std::move(*granted), std::move(*pause));
    return state.has_value();
}

bool is_open() {
    return state.has_value();
}

std::size_t write(std::span<const std::byte> bytes) {
    if (!state)
        return 0;
    const Guard guard{write_mutex};
    const std::uint64_t hertz = ticks_per_second(), nap = hertz / 4000;
    std::uint64_t deadline = now() + (state->stuck ? 0 : hertz);
    std::size_t written = 0;
    for (;;) {
        const std::size_t count = state->granted.channel.write(bytes.subspan(written));
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
    return state ? state->granted.channel.read(to) : 0;
}

bool arm() {
    return state && state->granted.channel.arm_input();
}

}
