// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "sdk/handle.hpp"

namespace sdk {

inline constexpr std::uint64_t no_deadline = ~std::uint64_t{0};

/// 64 signal bits that threads, other processes, interrupts and ends of processes raise.
class Event {
  public:
    static abi::Result<Event> create() {
        const auto slot = call(abi::Call::EventCreate);
        if (!slot)
            return std::unexpected{slot.error()};
        return Event{*slot};
    }

    /// One that was granted. It ends with the process that made it.
    static Event adopt(abi::Handle slot) { return Event{slot}; }

    abi::Handle slot() const { return object_.slot(); }
    void signal(std::uint64_t bits) const { (void)call(abi::Call::EventSignal, slot(), bits); }
    /// Waits until one of `bits` is set, clears those that are and returns them. TimedOut at `deadline_ticks`.
    abi::Result<std::uint64_t> wait(std::uint64_t bits, std::uint64_t deadline_ticks = no_deadline) const {
        return call(abi::Call::EventWait, slot(), bits, deadline_ticks);
    }

  private:
    explicit Event(abi::Handle slot) : object_{slot} {}
    Object object_;
};

}
