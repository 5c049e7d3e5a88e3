// SPDX-License-Identifier: Apache-2.0
#include "monitors/machine/sbi_harts.hpp"

namespace machine {

using sbi::Error;

void HartStates::start(unsigned hart, const Start& start) {
    starts_[hart] = start;
    states_[hart] = State::StartPending;
    around_.platform.wake_hart(hart);
}

std::optional<Start> HartStates::take_start(unsigned hart) {
    if (states_[hart] != State::StartPending)
        return {};
    states_[hart] = State::Started;
    return starts_[hart];
}

Answer HartStates::hart_start(const Call& call) {
    const std::uint64_t hart = call.arguments[0];
    if (hart >= around_.harts)
        return {Error::InvalidParameter};
    if (states_[hart] != State::Stopped)
        return {Error::AlreadyAvailable};
    if (!around_.executable(call.arguments[1]))
        return {Error::InvalidAddress};
    start(static_cast<unsigned>(hart), {call.arguments[1], call.arguments[2]});
    return {Error::Success};
}

Outcome HartStates::suspend(unsigned hart, std::optional<Start> resume) {
    states_[hart] = State::Suspended;
    return Suspend{resume};
}

Outcome HartStates::hart_suspend(const Call& call) {
    constexpr std::uint32_t retentive = 0, non_retentive = 0x8000'0000;
    switch (call.word(0)) {
    case retentive: return suspend(call.hart, {});
    case non_retentive:
        if (!around_.executable(call.arguments[1]))
            return Answer{Error::InvalidAddress};
        return suspend(call.hart, Start{call.arguments[1], call.arguments[2]});
    default: return Answer{Error::InvalidParameter}; // reserved, or some other platform's
    }
}

Outcome HartStates::call(const Call& call) {
    enum : std::uint64_t { HartStart, HartStop, HartGetStatus, HartSuspend };
    switch (call.function) {
    case HartStart: return hart_start(call);
    case HartStop: states_[call.hart] = State::Stopped; return Stop{};
    case HartGetStatus:
        if (call.arguments[0] >= around_.harts)
            return Answer{Error::InvalidParameter};
        return Answer{Error::Success, static_cast<std::uint64_t>(states_[call.arguments[0]])};
    case HartSuspend: return hart_suspend(call);
    default: return Answer{Error::NotSupported};
    }
}

Outcome HartStates::system_suspend(const Call& call) {
    constexpr std::uint64_t function = 0;
    constexpr std::uint32_t suspend_to_ram = 0;
    if (call.function != function)
        return Answer{Error::NotSupported};
    if (call.word(0) != suspend_to_ram)
        return Answer{Error::InvalidParameter}; // reserved, or some other platform's
    if (!around_.executable(call.arguments[1]))
        return Answer{Error::InvalidAddress};
    for (unsigned hart = 0; hart < around_.harts; ++hart)
        if (hart != call.hart && states_[hart] != State::Stopped)
            return Answer{Error::Denied};
    return suspend(call.hart, Start{call.arguments[1], call.arguments[2]});
}

}
