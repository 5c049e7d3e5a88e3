// SPDX-License-Identifier: Apache-2.0
#include "monitors/machine/vcpu.hpp"

#include <utility>

#include "base/match.hpp"
#include "monitors/machine/machine.hpp"
#include "sdk/must.hpp"

namespace machine {

namespace {

// Exception codes (privileged manual, table scauses).
constexpr std::uint64_t fetch_access_fault = 1, illegal_instruction = 2, load_access_fault = 5, store_access_fault = 7;

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
            machine_.parked(id_);
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
             {Hvip, 0},
             {Scounteren, all_counters}, // as firmware leaves it: kernels rely on that
             {Senvcfg, 0},
             {Hcounteren, all_counters},
             {Henvcfg, sdk::system_info(abi::SystemFact::Henvcfg)},
             {Vstimecmp, ~std::uint64_t{0}},
         })
        sdk::must(cpu_.write(which, value), "setting up a virtual CPU");
}

void Vcpu::run_guest() {
    for (running_ = true; running_;) {
        const bool waiting = std::exchange(waiting_, false);
        sdk::Exit exit = waiting ? cpu_.wait() : cpu_.resume();
        const TracedExit traced{trace_.load(std::memory_order_relaxed), exit, id_, cpu_.registers()};
        match(
            exit, //
            [&](const sdk::SbiCall& call) { handle(call); }, [&](const sdk::MmioAccess& access) { handle(access); },
            [&](const sdk::GuestPageFault& it) { fault(access_fault(it.access), cpu_.trap_value()); },
            [&](const sdk::VirtualInstruction& it) { handle(it); }, [&](const sdk::Exception& it) { handle(it); },
            [&](const sdk::SystemCall&) { sdk::fail("a system call of a guest with a kernel"); },
            [&](const sdk::Kicked&) {
                if (machine_.gate().held(id_))
                    rest();
                waiting_ = waiting;
                running_ = machine_.running();
            },
            [&](const sdk::Unexpected& it) {
                sdk::fail("exit for a reason that is not known here: %lu",
                          static_cast<std::uint64_t>(it.record.reason));
            },
            [&](const sdk::Gone& gone) { sdk::fail("a virtual CPU cannot run: %s", sdk::describe(gone.error)); });
    }
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
    running_ = machine_.running();
}

/// WRS.NTO may end at any time (norm:Zawrs); the nucleus traps it, since a hart that waits is one that others want. All
/// else that traps so is what a machine without a hypervisor extension does not have.
void Vcpu::handle(const sdk::VirtualInstruction& exit) {
    constexpr std::uint32_t wrs_nto = 0x00d0'0073;
    constexpr std::uint64_t bytes = 4;
    if (exit.instruction == wrs_nto)
        cpu_.registers().pc += bytes;
    else
        fault(illegal_instruction, exit.instruction);
}

void Vcpu::handle(const sdk::MmioAccess& access) {
    if (!machine_.access(id_, access))
        fault(access.store ? store_access_fault : load_access_fault, cpu_.trap_value());
}

void Vcpu::handle(const sdk::SbiCall& call) {
    auto outcome = machine_.call(
        {id_,
         call.extension,
         call.function,
         {call.argument(0), call.argument(1), call.argument(2), call.argument(3), call.argument(4), call.argument(5)}});
    match(
        outcome, [&](const Answer& answer) { call.answer(answer.error, answer.value); },
        [&](const LegacyAnswer& answer) { call.answer_legacy(answer.value); }, [&](const Stop&) { running_ = false; },
        [&](const Suspend& suspend) {
            waiting_ = true;
            if (suspend.resume)
                set_up(*suspend.resume); // its interrupts stay
            else
                call.answer(sbi::Error::Success);
        },
        [&](const PowerOff& off) { machine_.request(off.well ? Power::Off : Power::Failed); },
        [&](const Reboot&) { machine_.request(Power::Reboot); });
}

}
