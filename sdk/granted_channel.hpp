// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/page.hpp"
#include "sdk/channel.hpp"
#include "sdk/mapping.hpp"
#include "sdk/startup.hpp"
#include "sdk/system_call.hpp"

namespace sdk {

/// This program's end, the first side, of a channel to a service that it was started with.
struct GrantedChannel {
    Mapping memory;
    Channel channel;

    /// Nothing if there is no such channel, or no room to map it. `granted` is one of startup()'s.
    static std::optional<GrantedChannel> open(const Startup::Channel& granted, Channel::Shape shape) {
        if (granted.memory == 0)
            return {};
        auto memory = Mapping::create(granted.memory, 0, pages_for(shape.bytes()));
        if (!memory)
            return {};
        const auto bytes = memory->bytes();
        return GrantedChannel{std::move(*memory),
                              Channel{bytes, shape, Channel::Side::First,
                                      [&granted] { (void)call(abi::Call::EventSignal, granted.event, granted.bits); }}};
    }
};

}
