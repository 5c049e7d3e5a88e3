// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <variant>

#include "abi/vcpu.hpp"
#include "base/sbi.hpp"
#include "devices/guest_ram.hpp"
#include "monitors/machine/sbi_events.hpp"

namespace machine {

/// What the guest's kernel asked of its firmware.
struct Call {
    unsigned hart;
    sbi::Extension extension;
    std::uint64_t function;
    std::array<std::uint64_t, 6> arguments;

    /// An argument that is 32 bits wide: the rest of its register does not count (SBI binary encoding).
    std::uint32_t word(std::size_t index) const { return static_cast<std::uint32_t>(arguments[index]); }
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
/// The call itself raises an exception (SBI legacy extensions).
struct Fault {
    std::uint64_t cause, value;
};
struct Stop {};
/// The hart waits for an interrupt that it has enabled.
struct Suspend {
    std::optional<Start> resume; ///< none: the hart goes on behind the call, which has succeeded
};
struct PowerOff {
    bool well;
};
struct Reboot {};
using Outcome = std::variant<Answer, LegacyAnswer, Fault, Stop, Suspend, PowerOff, Reboot>;

/// Counters of the host's harts, by their bits in `hcounteren`.
enum class HardwareCounter : std::uint64_t { Cycle = 1, Instret = 4 };

/// What the layer needs of its monitor. Calls that name a hart come from the thread of that hart, but for send_ipi and
/// wake_hart.
class Platform {
  public:
    virtual ~Platform() = default;
    virtual void set_timer(unsigned hart, std::uint64_t deadline) = 0;
    virtual void send_ipi(unsigned hart) = 0;
    /// Whether there was one.
    virtual bool clear_ipi(unsigned hart) = 0;
    /// On all harts, of both kinds.
    virtual void remote_fence() = 0;
    virtual void console_write(std::span<const std::byte> bytes) = 0;
    virtual std::size_t console_read(std::span<std::byte> to) = 0;
    /// Eight bytes as the guest would load them, or the exception that it would take.
    virtual std::expected<std::uint64_t, std::uint64_t> load_guest_virtual(unsigned hart, std::uint64_t address) = 0;
    virtual void wake_hart(unsigned hart) = 0;
    /// Of the host's hart on which the caller runs.
    virtual std::uint64_t hardware_counter(HardwareCounter which) = 0;
    /// Which counters the guest reads without an exit (hcounteren).
    virtual void set_counter_access(unsigned hart, std::uint64_t counters) = 0;
    /// What the guest's privileged architecture is to be like (henvcfg).
    virtual void set_environment(unsigned hart, std::uint64_t environment) = 0;
    /// What the nucleus has answered in our place.
    virtual abi::Answered answered(unsigned hart) = 0;
};

/// What every extension stands on.
struct Surroundings {
    unsigned harts;
    const devices::GuestRam& ram;
    Platform& platform;
    FirmwareEvents& events;

    /// Whether a hart can begin there: in RAM, and at an instruction.
    bool executable(std::uint64_t address) const { return address % 2 == 0 && ram.contains({address}, 2); }
};

}
