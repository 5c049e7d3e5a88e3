// SPDX-License-Identifier: Apache-2.0
// The protocol's states: who is attached, what runs, what has yet to be answered. packets.cpp has the packets.
#include "monitors/gdb/stub.hpp"

#include <algorithm>
#include <utility>

#include "monitors/gdb/pages.hpp"
#include "monitors/gdb/registers.hpp"
#include "monitors/gdb/step.hpp"

namespace gdb {

namespace {

constexpr std::uint64_t interrupt_enable = 1 << 1; ///< sstatus.SIE

constexpr Harts all_harts(unsigned count) {
    return ~Harts{0} >> (64 - count);
}

}

void Stub::receive(std::span<const std::byte> bytes) {
    for (const std::byte byte : bytes)
        switch (reader_.take(byte)) {
        case PacketReader::Found::Nothing: break;
        case PacketReader::Found::Packet:
            if (reader_.payload().starts_with(
                    "qSupported")) // a debugger begins with this, and expects acknowledgements
                acknowledging_ = true;
            acknowledge('+');
            take(reader_.payload());
            break;
        case PacketReader::Found::Damaged: acknowledge('-'); break;
        case PacketReader::Found::Interrupt: interrupt(); break;
        case PacketReader::Found::Resend:
            if (acknowledging_ && !last_.empty())
                target_.send(std::as_bytes(std::span{last_}));
        }
}

void Stub::acknowledge(char sign) {
    if (acknowledging_)
        target_.send(std::as_bytes(std::span{&sign, 1}));
}

void Stub::answer(std::string_view payload) {
    last_ = encode(payload);
    target_.send(std::as_bytes(std::span{last_}));
}

/// Packets are handled while the machine is at rest. One that comes before stops it, and waits for that.
void Stub::take(std::string_view packet) {
    const bool begins = packet.starts_with("qSupported");
    if (state_ == State::Stopped) {
        if (begins) // what another debugger has left behind
            breakpoints_.remove_all();
        if (const auto reply = handle(Scanner{packet}))
            answer(*reply);
        return;
    }
    if (state_ == State::Running && !begins)
        return answer("E.the machine runs");
    waiting_ = packet;
    leaving_ = false;
    if (state_ != State::Stopping)
        target_.stop();
    state_ = State::Stopping;
}

void Stub::interrupt() {
    if (state_ != State::Running)
        return;
    state_ = State::Stopping;
    target_.stop();
}

void Stub::stopped(unsigned hart, Stop reason) {
    if (state_ == State::Detached)
        return target_.run(all_harts(target_.harts()));
    const bool stepped = masked_ && masked_->hart == hart && reason == Stop::Breakpoint;
    end_step();
    if (!std::exchange(catching_, true))
        target_.catch_breakpoints(true);
    state_ = State::Stopped;
    hart_ = stop_hart_ = hart;
    stop_ = stepped ? Stop::Stepped : reason;
    if (leaving_)
        return detach();
    if (waiting_.empty())
        return answer(stop_reply());
    const std::string packet = std::exchange(waiting_, {});
    take(packet);
}

void Stub::detach() {
    breakpoints_.remove_all();
    state_ = State::Detached;
    leaving_ = false;
    acknowledging_ = true;
    waiting_.clear();
    catching_ = false;
    target_.catch_breakpoints(false);
    target_.run(all_harts(target_.harts()));
}

void Stub::disconnect() {
    reader_ = {};
    acknowledging_ = true;
    if (state_ == State::Stopped)
        return detach();
    leaving_ = state_ != State::Detached;
    if (state_ == State::Running) {
        state_ = State::Stopping;
        target_.stop();
    }
}

void Stub::ended(bool well) {
    breakpoints_.forget();
    masked_.reset();
    if (attached() && !leaving_)
        answer(well ? "W00" : "W01");
    state_ = State::Detached;
    leaving_ = false;
    waiting_.clear();
}

bool Stub::at_breakpoint(unsigned hart) {
    const auto pc = target_.read_register(hart, number::pc);
    const auto place = pc ? translate(hart, {*pc}) : std::nullopt;
    return attached() && place && breakpoints_.at(*place);
}

std::optional<GuestPhysical> Stub::translate(unsigned hart, GuestVirtual address) {
    const auto satp = target_.read_register(hart, number::satp);
    return satp ? gdb::translate(target_, *satp, address) : std::nullopt;
}

std::string Stub::stop_reply() const {
    std::string reply = stop_ == Stop::Asked ? "T02" : "T05";
    ((reply += "thread:") += number_text(stop_hart_ + 1)) += ";";
    if (stop_ == Stop::Breakpoint && tells_swbreak_)
        reply += "swbreak:;";
    return reply;
}

std::optional<std::string> Stub::resume(Harts harts, std::optional<unsigned> stepping) {
    if (stepping)
        return start_step(*stepping);
    state_ = State::Running;
    target_.run(harts);
    return {};
}

/// Runs one instruction of one hart while the others rest: breakpoints wherever it can lead, its guest's trap vector
/// included, and no interrupt, whose handler might wait for a hart that rests.
std::optional<std::string> Stub::start_step(unsigned hart) {
    const Look look{[&](std::uint64_t address) -> std::optional<std::uint16_t> {
                        const auto place = translate(hart, {address});
                        std::uint16_t half = 0;
                        if (!place || !breakpoints_.read(*place, std::as_writable_bytes(std::span{&half, 1})))
                            return {};
                        return half;
                    },
                    [&](unsigned which) { return target_.read_register(hart, which); }};
    const auto pc = target_.read_register(hart, number::pc);
    const auto vector = target_.read_register(hart, number::stvec);
    const auto privilege = target_.read_register(hart, number::privilege);
    const auto leads = pc ? step(*pc, look) : std::nullopt;
    if (!leads || !vector || !privilege)
        return "E.the instruction at pc cannot be read";
    if (!target_.started(hart))
        return "E.the hart has not been started";
    if (at_breakpoint(hart))
        return "E.a breakpoint is in the way at pc";
    hart_ = stop_hart_ = hart;
    stop_ = Stop::Stepped;
    if (leads->waits && !target_.write_register(hart, number::pc, leads->next().front()))
        return "E.pc cannot be written";
    if (leads->waits || std::ranges::find(leads->next(), *pc) != leads->next().end()) // done, and nothing has run
        return stop_reply();
    bool any = false;
    const auto plant = [&](std::uint64_t address) {
        const auto place = translate(hart, {address});
        any |= place && breakpoints_.insert({address}, *place, true);
    };
    for (const std::uint64_t address : leads->next())
        plant(address);
    plant(*vector & ~std::uint64_t{3}); // exceptions go to BASE in either mode (norm:stvec_mode_enc)
    const bool by_status = leads->interrupt_enable && *privilege != 0;
    masked_ = {hart, by_status ? number::sstatus : number::sie, 0};
    const auto enabled = target_.read_register(hart, masked_->which);
    if (enabled)
        masked_->bits = by_status ? *enabled & interrupt_enable : *enabled;
    if (!any || !enabled || !target_.write_register(hart, masked_->which, *enabled & ~masked_->bits)) {
        masked_->bits = 0;
        end_step();
        return "E.there is no room for a breakpoint behind the instruction";
    }
    state_ = State::Running;
    target_.run(Harts{1} << hart);
    return {};
}

void Stub::end_step() {
    if (!masked_)
        return;
    breakpoints_.remove_temporary();
    if (const auto now = target_.read_register(masked_->hart, masked_->which); now && masked_->bits != 0)
        (void)target_.write_register(masked_->hart, masked_->which, *now | masked_->bits);
    masked_.reset();
}

}
