// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <variant>

#include "base/sbi.hpp"
#include "devices/guest_ram.hpp"
#include "monitors/machine/map.hpp"

namespace machine {

/// What the guest's kernel asked of its firmware.
struct Call {
    unsigned hart;
    sbi::Extension extension;
    std::uint64_t function;
    std::array<std::uint64_t, 6> arguments;
};

/// How a hart begins: at `pc` with its number in a0 and `opaque` in a1.
struct Start {
    std::uint64_t pc, opaque;
};

// What is to be done about a call.
struct Answer {
    sbi::Error error;
    std::uint64_t value = 0;
};
struct LegacyAnswer {
    std::uint64_t value;
};
struct Stop {};
struct Suspend {
    std::optional<Start> resume; ///< none: the hart goes on behind the call
};
struct PowerOff {
    bool well;
};
struct Reboot {};
using Outcome = std::variant<Answer, LegacyAnswer, Stop, Suspend, PowerOff, Reboot>;

/// What the layer needs of its monitor.
class Platform {
  public:
    virtual ~Platform() = default;
    virtual void set_timer(unsigned hart, std::uint64_t deadline) = 0;
    virtual void send_ipi(unsigned hart) = 0;
    virtual void clear_ipi(unsigned hart) = 0;
    virtual void remote_fence() = 0;
    virtual void console_write(std::span<const std::byte> bytes) = 0;
    virtual std::size_t console_read(std::span<std::byte> to) = 0;
    virtual std::optional<std::uint64_t> load_guest_virtual(unsigned hart, std::uint64_t address) = 0;
    virtual void wake_hart(unsigned hart) = 0;
};

/// A guest's firmware: SBI 3.0.
class Sbi {
  public:
    Sbi(unsigned harts, const devices::GuestRam& ram, Platform& platform)
        : harts_{harts}, ram_{ram}, platform_{platform} {}
    void reset();
    /// Hart 0, which no hart asks for.
    void start_first(const Start& start);
    Outcome call(const Call& call);
    /// What a hart that has been started begins with; the hart has then started.
    std::optional<Start> take_start(unsigned hart);
    void stopped(unsigned hart);

  private:
    enum class State : std::uint64_t {
        Started,
        Stopped,
        StartPending,
        StopPending,
        Suspended,
        SuspendPending,
        ResumePending
    };
    Outcome base(const Call& call);
    Outcome hart_state(const Call& call);
    Outcome hart_start(const Call& call);
    Outcome debug_console(const Call& call);
    Outcome legacy(const Call& call);

    unsigned harts_;
    const devices::GuestRam& ram_;
    Platform& platform_;
    std::array<State, map::hart_limit> states_{};
    std::array<Start, map::hart_limit> starts_{};
};

}
