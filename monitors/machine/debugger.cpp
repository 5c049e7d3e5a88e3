// SPDX-License-Identifier: Apache-2.0
#include "monitors/machine/debugger.hpp"

#include <algorithm>

#include "monitors/machine/debug_registers.hpp"
#include "monitors/machine/machine.hpp"
#include "sdk/must.hpp"

namespace machine {

namespace {

constexpr std::uint64_t breakpoint = 3; // exception code (privileged manual, table scauses)

}

void Debugger::poll() {
    // Looked at before the harts' ebreaks: when all rest there are no more of them.
    const bool rest = stopping_ && machine_.gate().resting(static_cast<Gate::Harts>((1u << harts()) - 1));
    for (unsigned hart = 0; hart < harts(); ++hart)
        if (machine_.vcpu(hart).take_trap())
            sort_out(hart);
    if (const auto stepping = stub_.stepping(); stepping && !stopping_ && !started(*stepping))
        stop(); // the step was one into SBI's hart_stop
    if (!rest)
        return;
    stopping_ = false;
    rest_began_ = sdk::now();
    paused_then_ = machine_.paused_ticks();
    stub_.stopped(reason_.hart, reason_.stop);
}

/// An ebreak, whose hart rests: the debugger's, or the guest's own, which its kernel gets.
void Debugger::sort_out(unsigned hart) {
    known_[hart].clear();
    if (stub_.at_breakpoint(hart)) {
        if (!stopping_)
            reason_ = {hart, gdb::Stop::Breakpoint};
        return hold_all();
    }
    machine_.vcpu(hart).ask([](sdk::VirtualCpu& cpu) {
        sdk::must(cpu.raise_exception(breakpoint, cpu.trap_value()), "an exception for the guest");
    });
    known_[hart].clear();
    if (!stopping_)
        machine_.release(Holder::Debugger, static_cast<Gate::Harts>(1u << hart));
}

void Debugger::hold_all() {
    stopping_ = true;
    machine_.hold(Holder::Debugger, Gate::all);
}

void Debugger::stop() {
    reason_ = {0, gdb::Stop::Asked};
    for (unsigned hart = harts(); hart-- > 0;)
        if (started(hart))
            reason_.hart = hart;
    hold_all();
}

/// The guest's clock stands still while it rests, so that no timeout of its own strikes because of the debugger. Of
/// that time what the machine was also paused for is made up for elsewhere (Machine::resume).
void Debugger::freeze_time() {
    const std::uint64_t paused = machine_.paused_ticks() - paused_then_;
    const std::uint64_t rested = sdk::now() - std::exchange(rest_began_, 0);
    machine_.lose_ticks(rested - std::min(rested, paused));
}

void Debugger::run(gdb::Harts which) {
    for (auto& each : known_)
        each.clear();
    if (rest_began_ != 0)
        freeze_time();
    machine_.release(Holder::Debugger, static_cast<Gate::Harts>(which));
}

void Debugger::restarted() {
    rest_began_ = 0;
    stub_.restarted();
    if (stopping_)
        hold_all();
}

void Debugger::kill() {
    machine_.request(Power::Off);
}

unsigned Debugger::harts() const {
    return machine_.vcpu_count();
}

bool Debugger::started(unsigned hart) const {
    return !machine_.vcpu(hart).parked();
}

gdb::Features Debugger::features() const {
    const std::uint64_t sstc = static_cast<std::uint64_t>(abi::SystemFeature::Sstc);
    return {(sdk::system_info(abi::SystemFact::Features) & sstc) != 0, sdk::system_info(abi::SystemFact::VectorBytes)};
}

/// x0 to x31 and pc lie in memory that is the monitor's. The rest its thread has to fetch, which takes two switches of
/// threads: it does so once for each stop.
std::optional<std::uint64_t> Debugger::read_register(unsigned hart, unsigned number) {
    if (const std::uint64_t* reg = debug_registers::general(machine_.vcpu(hart).cpu(), number))
        return *reg;
    if (const auto known = known_[hart].find(number); known != known_[hart].end())
        return known->second;
    std::optional<std::uint64_t> value;
    machine_.vcpu(hart).ask([&](sdk::VirtualCpu& cpu) { value = debug_registers::read(cpu, number); });
    if (value)
        known_[hart][number] = *value;
    return value;
}

bool Debugger::write_register(unsigned hart, unsigned number, std::uint64_t value) {
    if (std::uint64_t* reg = debug_registers::general(machine_.vcpu(hart).cpu(), number)) {
        *reg = value;
        return true;
    }
    bool written = false;
    machine_.vcpu(hart).ask([&](sdk::VirtualCpu& cpu) { written = debug_registers::write(cpu, number, value); });
    known_[hart].clear(); // some are fields of others
    return written;
}

bool Debugger::read_vector(unsigned hart, unsigned number, std::span<std::byte> to) {
    bool well = false;
    machine_.vcpu(hart).ask([&](sdk::VirtualCpu& cpu) { well = debug_registers::read_vector(cpu, number, to); });
    return well;
}

bool Debugger::write_vector(unsigned hart, unsigned number, std::span<const std::byte> from) {
    bool well = false;
    machine_.vcpu(hart).ask([&](sdk::VirtualCpu& cpu) { well = debug_registers::write_vector(cpu, number, from); });
    return well;
}

bool Debugger::read_memory(GuestPhysical address, std::span<std::byte> to) {
    return machine_.ram().read_bytes(address, to);
}

bool Debugger::write_memory(GuestPhysical address, std::span<const std::byte> from) {
    return machine_.ram().write_bytes(address, from);
}

void Debugger::code_changed() {
    machine_.fence_harts();
}

void Debugger::catch_breakpoints(bool caught) {
    for (unsigned hart = 0; hart < harts(); ++hart)
        machine_.vcpu(hart).ask(
            [caught](sdk::VirtualCpu& cpu) { (void)cpu.write(abi::VcpuRegister::Debug, caught ? 1 : 0); });
}

}
