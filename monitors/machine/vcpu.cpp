// SPDX-License-Identifier: Apache-2.0
#include "monitors/machine/vcpu.hpp"

#include <initializer_list>
#include <utility>

#include "base/match.hpp"
#include "monitors/machine/machine.hpp"
#include "sdk/must.hpp"
#include "sdk/time.hpp"

namespace machine {

namespace {

// Exception codes (privileged manual, table scauses).
constexpr std::uint64_t fetch_access_fault = 1, illegal_instruction = 2, load_access_fault = 5, store_access_fault = 7;

constexpr std::uint64_t interrupts_on = 1 << 1, timer_interrupt = 1 << 5; // vsstatus.SIE, vsie.STIE
constexpr std::uint64_t never = ~std::uint64_t{0};
constexpr std::uint64_t nowhere = 0; // a guest-physical address without memory, where suspended harts are

std::uint64_t access_fault(sdk::Access access) {
    switch (access) {
    case sdk::Access::Fetch: return fetch_access_fault;
    case sdk::Access::Load: return load_access_fault;
    case sdk::Access::Store: return store_access_fault;
    }
    return load_access_fault;
}

}

void Vcpu::run() {
    for (;;) {
        rest();
        if (machine_.ended())
            return;
        if (const auto start = machine_.take_start(id_)) {
            parked_ = false;
            set_up(*start);
            run_guest();
            parked_ = true;
            machine_.parked();
        }
    }
}

/// Waits to be woken at a moment when nobody holds the hart. Meanwhile does what it is asked to.
void Vcpu::rest() {
    machine_.gate().rest(id_);
    machine_.rested();
    for (bool look = false; !look || !machine_.gate().leave(id_);) {
        const std::uint64_t bits = wake_.wait(look_bit | work_bit).value_or(0);
        look |= (bits & look_bit) != 0;
        if ((bits & work_bit) != 0) {
            (*work_.load())(cpu_);
            machine_.work_done();
        }
        if (machine_.gate().held(id_))
            look = false; // whoever holds it wakes it
    }
}

void Vcpu::ask(const std::function<void(sdk::VirtualCpu&)>& work) {
    work_ = &work;
    wake_.signal(work_bit);
    machine_.await_work();
}

/// The state in which SBI HSM hart_start hands a hart over: supervisor mode, no translation, no interrupts.
void Vcpu::set_up(const Start& start) {
    using enum abi::VcpuRegister;
    constexpr std::uint64_t uxl_64 = std::uint64_t{2} << 32, all_counters = 7;
    cpu_.registers() = {};
    cpu_.registers().pc = start.pc;
    cpu_.registers().x[10] = id_;
    cpu_.registers().x[11] = start.opaque;
    for (const auto& [which, value] : std::initializer_list<std::pair<abi::VcpuRegister, std::uint64_t>>{
             {Supervisor, 1},
             {Vsstatus, uxl_64},
             {Vsie, 0},
             {Vstvec, 0},
             {Vsatp, 0},
             {Scounteren, all_counters}, // as firmware leaves it: kernels rely on that
             {Senvcfg, 0},
             {Hcounteren, all_counters},
             {Henvcfg, machine_.environment(id_)},
             {Vstimecmp, never},
         })
        write(which, value);
    take_interrupt_file();
    suspended_.reset();
}

std::uint64_t Vcpu::read(abi::VcpuRegister which) {
    return sdk::must(cpu_.read(which), "a virtual CPU's register");
}
void Vcpu::write(abi::VcpuRegister which, std::uint64_t value) {
    sdk::must(cpu_.write(which, value), "a virtual CPU's register");
}

/// Puts the hart to where it fetches from no memory, untranslated and without taking interrupts: once it has waited it
/// comes to us, not to its guest's code, and is seen to have woken. What it waits for are its own pending interrupts.
void Vcpu::suspend(const Suspend& suspend) {
    using enum abi::VcpuRegister;
    abi::Registers& registers = cpu_.registers();
    const std::uint64_t status = read(Vsstatus);
    suspended_ = {registers.pc, read(Vsatp), status, read(Vstimecmp)};
    changed_ = true;
    if (suspend.resume) { // the state of SBI HSM hart_start, but for what is not defined there: it may wait for it
        suspended_ = {suspend.resume->pc, 0, status & ~interrupts_on, suspended_->deadline};
        registers.x[10] = id_;
        registers.x[11] = suspend.resume->opaque;
    }
    registers.pc = nowhere;
    write(Vsatp, 0);
    write(Vsstatus, status & ~interrupts_on);
    if ((read(Vsie) & timer_interrupt) == 0) // else it would wake in vain, again and again
        write(Vstimecmp, never);
}

bool Vcpu::interrupt_pending() {
    using enum abi::VcpuRegister;
    const std::uint64_t enabled = read(Vsie);
    return (read(Hvip) & enabled << 1) != 0 || // norm:vsie_acc_op: a VS interrupt's bit in hvip is one further up
           ((enabled & timer_interrupt) != 0 && sdk::now() + read(TimeDelta) >= suspended_->deadline);
}

void Vcpu::look_whether_woken() {
    using enum abi::VcpuRegister;
    if (!interrupt_pending())
        return;
    cpu_.registers().pc = suspended_->pc;
    write(Vsatp, suspended_->vsatp);
    write(Vsstatus, suspended_->vsstatus);
    if ((read(Vsie) & timer_interrupt) == 0)
        write(Vstimecmp, suspended_->deadline);
    suspended_.reset();
    machine_.woken(id_);
}

/// The guest's time stands still while its machine is paused, but for its real-time clock.
void Vcpu::set_clock() {
    const std::uint64_t lost = machine_.lost_ticks();
    if (lost == lost_ticks_)
        return;
    const std::uint64_t delta = sdk::must(cpu_.read(abi::VcpuRegister::TimeDelta), "the guest's time");
    sdk::must(cpu_.write(abi::VcpuRegister::TimeDelta, delta - (lost - lost_ticks_)), "the guest's time");
    lost_ticks_ = lost;
}

void Vcpu::look_again() {
    running_ = machine_.running();
    changed_ = true;
}

/// What may change while the guest runs is looked at after whatever has changed it, which kicks the hart if it is not
/// its own doing.
void Vcpu::run_guest() {
    statistics_.entered();
    for (running_ = true; running_;) {
        set_clock();
        TraceWriter* const writer = trace_.load(std::memory_order_relaxed);
        if (writer || suspended_) {
            sdk::Exit exit = suspended_ ? cpu_.wait() : cpu_.resume();
            const TracedExit traced{writer, exit, id_, cpu_.registers()};
            handle_exit(exit);
        } else {
            changed_ = false;
            while (handle_exit(cpu_.resume())) // straight to the handlers, with no exit record in between
                ;
        }
    }
}

bool Vcpu::count_and_handle(const auto& it) {
    statistics_.count(it);
    handle(it);
    return !changed_;
}

/// Whether the guest then goes on as it has gone so far.
bool Vcpu::handle_exit(auto&& exit) {
    return match(
        exit, //
        [&](const sdk::SbiCall& call) {
            statistics_.count(call);
            if (const auto answer = Sbi::answer_at_once(call.extension, call.function, call.argument(0))) {
                call.answer(answer->error, answer->value);
                return true;
            }
            handle(call);
            return !changed_;
        },
        [&](const sdk::MmioAccess& access) {
            statistics_.count(access);
            if (!machine_.access(id_, access)) [[unlikely]]
                no_device(access.store);
            return true;
        },
        [&](const sdk::GuestPageFault& it) { return count_and_handle(it); },
        [&](const sdk::VirtualInstruction& it) { return count_and_handle(it); },
        [&](const sdk::Exception& it) { return count_and_handle(it); },
        [&](const sdk::Kicked& it) { return count_and_handle(it); },
        [&](const sdk::Unexpected& it) { return count_and_handle(it); },
        [&](const sdk::SystemCall&) -> bool { sdk::fail("a system call of a guest with a kernel"); },
        [&](const sdk::Gone& gone) -> bool { sdk::fail("a virtual CPU cannot run: %s", sdk::describe(gone.error)); });
}

void Vcpu::handle(const sdk::Kicked&) {
    if (machine_.gate().held(id_))
        rest();
    look_again();
}

control::VcpuStats Vcpu::stats() const {
    return summary(statistics_, cpu_.answered(), machine_.interrupts().count(id_));
}

void Vcpu::fault(std::uint64_t cause, std::uint64_t value) {
    sdk::must(cpu_.raise_exception(cause, value), "an exception for the guest");
}

/// An ebreak exits only for a debugger, who is to say whose it is.
void Vcpu::handle(const sdk::Exception& exit) {
    if (exit.cause != abi::ExitReason::Breakpoint)
        return fault(static_cast<std::uint64_t>(exit.cause), exit.value);
    machine_.gate().hold(Holder::Debugger, static_cast<Gate::Harts>(1u << id_));
    trapped_ = true;
    rest();
    look_again();
}

/// WRS.NTO may end at any time (norm:Zawrs); the nucleus traps it, since a hart that waits is one that others want. All
/// else that traps so is what a machine without a hypervisor extension does not have.
void Vcpu::handle(const sdk::VirtualInstruction& exit) {
    constexpr std::uint32_t wrs_nto = 0x00d0'0073;
    constexpr std::uint64_t bytes = 4;
    constexpr std::uint64_t moments_a_second = 50'000;
    if (exit.instruction == wrs_nto) // others get the hart for a moment: there is no telling when the wait is over
        (void)wake_.wait(moment_bit, sdk::now() + sdk::ticks_per_second() / moments_a_second);
    if (exit.instruction == wrs_nto || access_csr(exit.instruction)) {
        cpu_.registers().pc += bytes;
        return;
    }
    machine_.count(id_, FirmwareEvent::IllegalInstruction);
    fault(illegal_instruction, exit.instruction);
}

void Vcpu::handle(const sdk::GuestPageFault& exit) {
    if (suspended_)
        return look_whether_woken();
    if (exit.access != sdk::Access::Fetch)
        machine_.count(id_, exit.access == sdk::Access::Store ? FirmwareEvent::AccessStore : FirmwareEvent::AccessLoad);
    fault(access_fault(exit.access), cpu_.trap_value());
}

/// An exception of a later version of the hardware is the guest's own; anything else is a nucleus that this program was
/// not made for.
void Vcpu::handle(const sdk::Unexpected& exit) {
    constexpr std::uint64_t first_of_the_nucleus = static_cast<std::uint64_t>(abi::ExitReason::Kicked);
    const auto reason = static_cast<std::uint64_t>(exit.record.reason);
    if (reason >= first_of_the_nucleus)
        sdk::fail("exit for a reason that is not known here: %lu", reason);
    fault(reason, exit.record.trap_value);
}

void Vcpu::no_device(bool store) {
    machine_.count(id_, store ? FirmwareEvent::AccessStore : FirmwareEvent::AccessLoad);
    fault(store ? store_access_fault : load_access_fault, cpu_.trap_value());
}

void Vcpu::handle(sdk::SbiCall call) {
    auto outcome = machine_.call(
        {id_,
         call.extension,
         call.function,
         {call.argument(0), call.argument(1), call.argument(2), call.argument(3), call.argument(4), call.argument(5)}});
    match(
        outcome, [&](const Answer& answer) { call.answer(answer.error, answer.value); },
        [&](const LegacyAnswer& answer) { call.answer_legacy(answer.value); },
        [&](const Fault& exception) { fault(exception.cause, exception.value); },
        [&](const Stop&) {
            running_ = false;
            changed_ = true;
        },
        [&](const Suspend& how) {
            call.answer(sbi::Error::Success);
            suspend(how);
        },
        [&](const PowerOff& off) { machine_.request(off.well ? Power::Off : Power::Failed); },
        [&](const Reboot&) { machine_.request(Power::Reboot); });
}

}
