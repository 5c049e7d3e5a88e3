// SPDX-License-Identifier: Apache-2.0
#include "monitors/machine/sbi.hpp"

#include <algorithm>

namespace machine {

using sbi::Error;
using sbi::Extension;

void Sbi::reset() {
    states_.fill(State::Stopped);
}

void Sbi::start_first(const Start& start) {
    starts_[0] = start;
    states_[0] = State::StartPending;
    platform_.wake_hart(0);
}

std::optional<Start> Sbi::take_start(unsigned hart) {
    if (states_[hart] != State::StartPending)
        return {};
    states_[hart] = State::Started;
    return starts_[hart];
}

void Sbi::stopped(unsigned hart) {
    states_[hart] = State::Stopped;
}

Outcome Sbi::base(const Call& call) {
    switch (call.function) {
    case 0: return Answer{Error::Success, 3 << 24};
    case 1: return Answer{Error::Success, 0x53};
    case 2: return Answer{Error::Success, 1};
    case 3:
        switch (static_cast<Extension>(call.arguments[0])) {
        case Extension::Base:
        case Extension::Time:
        case Extension::Ipi:
        case Extension::RemoteFence:
        case Extension::HartState:
        case Extension::SystemReset:
        case Extension::DebugConsole: return Answer{Error::Success, 1};
        default: return Answer{Error::Success, call.arguments[0] <= 8};
        }
    case 4:
    case 5:
    case 6: return Answer{Error::Success, 0};
    default: return Answer{Error::NotSupported};
    }
}

Outcome Sbi::hart_start(const Call& call) {
    const std::uint64_t hart = call.arguments[0];
    if (hart >= harts_)
        return Answer{Error::InvalidParameter};
    if (states_[hart] != State::Stopped)
        return Answer{Error::AlreadyAvailable};
    if (!ram_.contains({call.arguments[1]}, 2))
        return Answer{Error::InvalidAddress};
    starts_[hart] = {call.arguments[1], call.arguments[2]};
    states_[hart] = State::StartPending;
    platform_.wake_hart(static_cast<unsigned>(hart));
    return Answer{Error::Success};
}

Outcome Sbi::hart_state(const Call& call) {
    switch (call.function) {
    case 0: return hart_start(call);
    case 1: states_[call.hart] = State::StopPending; return Stop{};
    case 2:
        if (call.arguments[0] >= harts_)
            return Answer{Error::InvalidParameter};
        return Answer{Error::Success, static_cast<std::uint64_t>(states_[call.arguments[0]])};
    case 3: return Suspend{};
    default: return Answer{Error::NotSupported};
    }
}

Outcome Sbi::debug_console(const Call& call) {
    std::array<std::byte, 256> piece;
    const GuestPhysical address{call.arguments[1]};
    const std::uint64_t bytes = std::min<std::uint64_t>(call.arguments[0], piece.size());
    switch (call.function) {
    case 0:
        if (call.arguments[2] != 0 || !ram_.read_bytes(address, std::span{piece}.first(bytes)))
            return Answer{Error::InvalidParameter};
        platform_.console_write(std::span{piece}.first(bytes));
        return Answer{Error::Success, bytes};
    case 1: {
        if (call.arguments[2] != 0 || !ram_.contains(address, bytes))
            return Answer{Error::InvalidParameter};
        const std::size_t count = platform_.console_read(std::span{piece}.first(bytes));
        (void)ram_.write_bytes(address, std::span{piece}.first(count));
        return Answer{Error::Success, count};
    }
    case 2: {
        const std::byte byte{static_cast<unsigned char>(call.arguments[0])};
        platform_.console_write({&byte, 1});
        return Answer{Error::Success};
    }
    default: return Answer{Error::NotSupported};
    }
}

Outcome Sbi::legacy(const Call& call) {
    switch (call.extension) {
    case Extension::LegacySetTimer: platform_.set_timer(call.hart, call.arguments[0]); return LegacyAnswer{0};
    case Extension::LegacyConsolePutchar: {
        const std::byte byte{static_cast<unsigned char>(call.arguments[0])};
        platform_.console_write({&byte, 1});
        return LegacyAnswer{0};
    }
    case Extension::LegacyConsoleGetchar: {
        std::byte byte{};
        return LegacyAnswer{platform_.console_read({&byte, 1}) == 1 ? static_cast<std::uint64_t>(byte)
                                                                    : ~std::uint64_t{0}};
    }
    case Extension::LegacyClearIpi: platform_.clear_ipi(call.hart); return LegacyAnswer{0};
    case Extension::LegacyShutdown: return PowerOff{true};
    default: platform_.remote_fence(); return LegacyAnswer{0};
    }
}

Outcome Sbi::call(const Call& call) {
    switch (call.extension) {
    case Extension::Base: return base(call);
    case Extension::HartState: return hart_state(call);
    case Extension::DebugConsole: return debug_console(call);
    case Extension::SystemReset:
        if (call.function != 0)
            return Answer{Error::NotSupported};
        if (call.arguments[0] == 0)
            return PowerOff{call.arguments[1] == 0};
        return Reboot{};
    case Extension::Ipi:
    case Extension::RemoteFence: return Answer{Error::InvalidParameter};
    default: break;
    }
    if (static_cast<std::uint64_t>(call.extension) <= 8)
        return legacy(call);
    return Answer{Error::NotSupported};
}

}
