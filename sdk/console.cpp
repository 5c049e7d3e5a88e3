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

/// What there was no room for: as much as the service takes until it has taken nothing for a second, or at all if it is
/// known to be `stuck`.
std::size_t write_rest(std::span<const std::byte> bytes, bool stuck) {
    const std::uint64_t hertz = ticks_per_second(), nap = hertz / 4000;
    std::uint64_t deadline = now() + (stuck ? 0 : hertz);
    std::size_t written = 0;
    while (written != bytes.size() && now() < deadline) {
        (void)state->pause.wait(1, now() + nap);
        const std::size_t count = state->granted.channel.write(bytes.subspan(written));
        written += count;
        if (count != 0)
            deadline = now() + hertz;
    }
    return written;
}

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
    std::size_t written = state->granted.channel.write(bytes);
    if (written != bytes.size())
        written += write_rest(bytes.subspan(written), state->stuck && written == 0);
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
