// SPDX-License-Identifier: Apache-2.0
// A guest of several harts that calls its firmware as the input says: any extension, any function, any arguments, most
// of them near to what is right. After each call what must hold whatever a guest does is checked.
#include <vector>

#include "monitors/machine/sbi.hpp"
#include "tests/fuzz/input.hpp"

namespace {

using namespace machine;
using fuzz::Input;
using fuzz::must;
using sbi::Error;
using sbi::Extension;
using State = HartStates::State;

constexpr std::uint64_t base = 0x8000'0000, ram_bytes = 2 * 4096, all_ones = ~std::uint64_t{0};
constexpr std::uint64_t longest_write = 1024;

class FuzzPlatform : public Platform {
  public:
    FuzzPlatform(Input& input, unsigned harts) : input_{input}, harts_{harts} {}
    void set_timer(unsigned hart, std::uint64_t) override { of(hart); }
    void send_ipi(unsigned hart) override {
        must(hart < harts_);
        ++ipis;
    }
    bool clear_ipi(unsigned hart) override {
        of(hart);
        return input_.next() & 1;
    }
    void remote_fence() override { ++fences; }
    void console_write(std::span<const std::byte> bytes) override { console += bytes.size(); }
    std::size_t console_read(std::span<std::byte> to) override {
        console += to.size();
        const std::size_t count = to.empty() ? 0 : input_.below(static_cast<std::uint32_t>(to.size()) + 1);
        for (std::byte& each : to.first(count))
            each = static_cast<std::byte>(input_.next());
        return count;
    }
    std::expected<std::uint64_t, std::uint64_t> load_guest_virtual(unsigned hart, std::uint64_t) override {
        of(hart);
        if ((input_.next() & 1) != 0)
            return std::unexpected{13};
        return input_.next<std::uint64_t>();
    }
    void wake_hart(unsigned hart) override { must(hart < harts_); }
    std::uint64_t hardware_counter(HardwareCounter) override { return input_.next<std::uint64_t>(); }
    void set_counter_access(unsigned hart, std::uint64_t counters) override {
        of(hart);
        must((counters & ~std::uint64_t{7}) == 0 && (counters & 2) != 0);
    }
    void set_environment(unsigned hart, std::uint64_t environment) override {
        of(hart);
        must((environment & ~offered) == 0);
    }
    abi::Answered answered(unsigned hart) override {
        of(hart);
        return {input_.next(), input_.next(), input_.next(), input_.next(), input_.next()};
    }

    void begin(unsigned hart) {
        caller_ = hart;
        ipis = fences = console = 0;
    }
    unsigned ipis = 0, fences = 0;
    std::uint64_t console = 0, offered = 0;

  private:
    /// These are of the hart that calls, and of no other.
    void of(unsigned hart) const { must(hart == caller_); }
    Input& input_;
    unsigned harts_, caller_ = 0;
};

/// The errors that the specification lists for the functions of an extension.
bool may_answer(Extension extension, Error error) {
    using enum Error;
    if (error == Success || error == NotSupported)
        return true;
    switch (extension) {
    case Extension::Ipi:
    case Extension::RemoteFence:
    case Extension::SystemReset:
    case Extension::DebugConsole: return error == InvalidParameter;
    case Extension::HartState: return error == InvalidParameter || error == InvalidAddress || error == AlreadyAvailable;
    case Extension::SystemSuspend: return error == InvalidParameter || error == InvalidAddress || error == Denied;
    case Extension::PerformanceMonitoring:
        return error == InvalidParameter || error == InvalidAddress || error == AlreadyStarted ||
               error == AlreadyStopped || error == NoSharedMemory || error == Failed;
    case Extension::FirmwareFeatures: return error == InvalidParameter || error == Denied || error == DeniedLocked;
    default: return false;
    }
}

/// Whether a call may write the guest's memory.
bool may_write(const Call& call) {
    return (call.extension == Extension::DebugConsole && call.function == 1) ||
           (call.extension == Extension::PerformanceMonitoring && call.function == 8);
}

class Guest {
  public:
    Guest(Input& input, unsigned harts, std::uint64_t environment, std::string_view extensions)
        : input_{input}, harts_{harts}, platform_{input, harts}, bytes_(ram_bytes), ram_{{base}, bytes_},
          firmware_{harts, ram_, platform_, environment, extensions}, states_(harts, State::Stopped) {
        platform_.offered = environment;
        power_on();
    }

    void play() {
        for (unsigned acts = 0; acts < 4000 && !input_.empty(); ++acts) {
            const unsigned hart = input_.next() % harts_;
            platform_.begin(hart);
            switch (states_[hart]) {
            case State::Stopped: break;
            case State::StartPending: take_start(hart); break;
            case State::Suspended:
                firmware_.woken(hart);
                states_[hart] = State::Started;
                break;
            case State::Started: act(hart); break;
            }
        }
    }

  private:
    void power_on() {
        firmware_.reset();
        states_.assign(harts_, State::Stopped);
        firmware_.start_first({base, 0});
        states_[0] = State::StartPending;
    }
    void take_start(unsigned hart) {
        const auto start = firmware_.take_start(hart);
        must(start && ram_.contains({start->pc}, 2));
        states_[hart] = State::Started;
    }

    std::uint64_t number() {
        switch (input_.next() % 8) {
        case 0: return input_.next<std::uint64_t>();
        case 1: return base + input_.below(2 * ram_bytes);
        case 2: return (base + input_.below(ram_bytes)) & ~std::uint64_t{15};
        case 3: return all_ones - input_.next() % 2;
        case 4: return 0xf0000 | input_.next() % 8;
        case 5: return std::uint64_t{1} << input_.next() % 64;
        case 6: return base + 4096;
        default: return input_.next() % 20;
        }
    }
    Call next_call(unsigned hart) {
        constexpr std::array extensions{Extension::Base,         Extension::Time,
                                        Extension::Ipi,          Extension::RemoteFence,
                                        Extension::HartState,    Extension::HartState,
                                        Extension::SystemReset,  Extension::SystemSuspend,
                                        Extension::DebugConsole, Extension::FirmwareFeatures};
        Call call{hart, Extension::PerformanceMonitoring, input_.next() % 10u, {}};
        const auto choice = input_.next();
        if (choice < 100)
            call.extension = extensions[choice % extensions.size()];
        else if (choice < 120)
            call.extension = static_cast<Extension>(choice % 10);
        else if (choice == 120)
            call.extension = static_cast<Extension>(input_.next<std::uint64_t>());
        if (choice == 121)
            call.function = input_.next<std::uint64_t>();
        for (std::uint64_t& each : call.arguments)
            each = number();
        return call;
    }

    void act(unsigned hart) {
        if (input_.next() % 16 == 0) {
            firmware_.count(hart, firmware_events[input_.next() % firmware_events.size()]);
            for (std::uint64_t csr = 0xc00; csr <= 0xc02; ++csr)
                must(firmware_.counter(hart, csr).has_value() == (csr != 0xc01));
        }
        const Call call = next_call(hart);
        before_ = bytes_;
        const Outcome outcome = firmware_.call(call);
        must(may_write(call) || before_ == bytes_);
        must(platform_.ipis <= harts_ && platform_.fences <= 1 && platform_.console <= longest_write);
        must((firmware_.environment(hart) & ~platform_.offered) == 0);
        check(call, outcome);
        for (unsigned each = 0; each < harts_; ++each)
            must(std::get<Answer>(firmware_.call({hart, Extension::HartState, 2, {each}})).value ==
                 static_cast<std::uint64_t>(states_[each]));
    }

    void check(const Call& call, const Outcome& outcome) {
        const bool legacy = static_cast<std::uint64_t>(call.extension) <= 8;
        if (const auto* answer = std::get_if<Answer>(&outcome)) {
            must(!legacy && may_answer(call.extension, answer->error));
            if (call.extension == Extension::HartState && call.function == 0 && answer->error == Error::Success) {
                must(states_[call.arguments[0]] == State::Stopped);
                states_[call.arguments[0]] = State::StartPending;
            }
        } else if (std::holds_alternative<LegacyAnswer>(outcome) || std::holds_alternative<Fault>(outcome)) {
            must(legacy);
        } else if (std::holds_alternative<Stop>(outcome)) {
            must(call.extension == Extension::HartState && call.function == 1);
            states_[call.hart] = State::Stopped;
        } else if (const auto* suspend = std::get_if<Suspend>(&outcome)) {
            must(call.extension == Extension::HartState || call.extension == Extension::SystemSuspend);
            must(!suspend->resume || ram_.contains({suspend->resume->pc}, 2));
            if (call.extension == Extension::SystemSuspend)
                for (unsigned each = 0; each < harts_; ++each)
                    must(each == call.hart || states_[each] == State::Stopped);
            states_[call.hart] = State::Suspended;
        } else { // power off and reboot
            must(call.extension == Extension::SystemReset || call.extension == Extension::LegacyShutdown);
            power_on();
        }
    }

    Input& input_;
    unsigned harts_;
    FuzzPlatform platform_;
    std::vector<std::byte> bytes_, before_;
    devices::GuestRam ram_;
    Sbi firmware_;
    std::vector<State> states_; ///< as they should be
};

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input{{data, size}};
    constexpr std::array<std::string_view, 3> extensions{"i m a", "i m a svadu", "i m a svade svadu"};
    const unsigned harts = 1 + input.next() % 8;
    const std::uint64_t environment = input.next<std::uint64_t>();
    const std::string_view told = extensions[input.next() % extensions.size()];
    Guest{input, harts, environment, told}.play();
    return 0;
}
