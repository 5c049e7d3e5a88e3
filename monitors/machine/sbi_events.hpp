// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "abi/vcpu.hpp"
#include "monitors/machine/map.hpp"

namespace machine {

/// What a firmware counter can count: codes of event type 15 (SBI PMU, "Firmware events"). Traps that the guest's
/// kernel gets straight from the hardware are none of them, nor what only a receiving hart could count.
enum class FirmwareEvent : std::uint64_t {
    AccessLoad = 2,
    AccessStore = 3,
    IllegalInstruction = 4,
    SetTimer = 5,
    IpiSent = 6,       ///< calls, each to any number of harts
    RemoteFence = 256, ///< of our own: remote fences of all kinds that were asked for
    Wait = 257,        ///< of our own: WFI that had to wait or to look
};
inline constexpr std::array firmware_events{
    FirmwareEvent::AccessLoad, FirmwareEvent::AccessStore, FirmwareEvent::IllegalInstruction,
    FirmwareEvent::SetTimer,   FirmwareEvent::IpiSent,     FirmwareEvent::RemoteFence,
    FirmwareEvent::Wait};

/// How often each event has happened on each hart since power-on. A hart's are its own thread's to write and read.
class FirmwareEvents {
  public:
    static constexpr std::optional<std::size_t> index(std::uint64_t code) {
        for (std::size_t i = 0; i < firmware_events.size(); ++i)
            if (static_cast<std::uint64_t>(firmware_events[i]) == code)
                return i;
        return {};
    }
    void count(unsigned hart, FirmwareEvent event) {
        if (const auto found = index(static_cast<std::uint64_t>(event)))
            ++seen_[hart][*found];
    }
    /// With what the nucleus counted.
    std::uint64_t total(unsigned hart, FirmwareEvent event, const abi::Answered& answered) const {
        const auto found = index(static_cast<std::uint64_t>(event));
        return (found ? seen_[hart][*found] : 0) + of_nucleus(event, answered);
    }

  private:
    static std::uint64_t of_nucleus(FirmwareEvent event, const abi::Answered& answered) {
        switch (event) {
        case FirmwareEvent::SetTimer: return answered.timers;
        case FirmwareEvent::IpiSent: return answered.ipis;
        case FirmwareEvent::RemoteFence: return answered.fences;
        case FirmwareEvent::Wait: return answered.waits;
        case FirmwareEvent::AccessLoad:
        case FirmwareEvent::AccessStore:
        case FirmwareEvent::IllegalInstruction: return 0;
        }
        return 0;
    }

    std::array<std::array<std::uint64_t, firmware_events.size()>, map::hart_limit> seen_{};
};

}
