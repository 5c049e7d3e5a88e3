// SPDX-License-Identifier: Apache-2.0
// The nucleus's own event loop, one on each hart.
#include "nucleus/calls.hpp"
#include "nucleus/riscv/csr.hpp"
#include "nucleus/riscv/guest.hpp"
#include "nucleus/riscv/sbi.hpp"
#include "nucleus/scheduler.hpp"

Hart& this_hart() {
    Hart* hart;
    asm("mv %0, tp" : "=r"(hart));
    return *hart;
}

std::uint64_t now() {
    return csr::time.read();
}

std::uint64_t cycles() {
    return csr::cycle.read();
}
std::uint64_t instructions() {
    return csr::instret.read();
}

void interrupt_hart(const Hart& hart) {
    sbi::call(sbi::Extension::Ipi, 0, 1, hart.id);
}

namespace {

/// Runs `registers` until they trap. `enter` keeps nothing but sp and tp.
void run_until_trap(abi::Registers& registers) {
    register abi::Registers* a0 asm("a0") = &registers;
    asm volatile("call enter"
                 : "+r"(a0)
                 :
                 : "memory", "ra", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "a1", "a2", "a3", "a4", "a5", "a6", "a7",
                   "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11");
}

void set_timer(Hart& hart, std::uint64_t deadline) {
    if (deadline == hart.armed)
        return;
    hart.armed = deadline;
    if (nucleus.has(abi::SystemFeature::Sstc))
        csr::stimecmp.write(deadline);
    else
        sbi::call(sbi::Extension::Time, 0, deadline);
}

/// Tells the harts that wait for a fence that this one may be the last that they waited for.
void report_fences(const Hart& hart) {
    for (std::uint64_t i = 0; i < nucleus.hart_count; ++i)
        if (nucleus.harts[i] != &hart && nucleus.harts[i]->fencing)
            interrupt_hart(*nucleus.harts[i]);
}

}

void settle_spaces(Hart& hart, bool changed) {
    Process* process = hart.current ? hart.current->process : hart.process;
    if (process && process->state != abi::ProcessState::Alive)
        process = nullptr;
    if (process != hart.process || (process && hart.program_epoch != process->space.epoch)) {
        const HostPhysical root = process ? process->space.table.root() : nucleus.root;
        hart.process = process;
        hart.program_epoch = process ? process->space.epoch : 0;
        changed = true;
        csr::satp.write(Atp{}.with(Atp::mode, Atp::sv39).with(Atp::ppn, root.value / page_bytes));
        asm volatile("sfence.vma zero, %0" ::"r"(0) : "memory"); // all but the window, which is global
    }
    if (hart.vcpu && hart.guest_epoch != hart.vcpu->guest->space.epoch) {
        hart.guest_epoch = hart.vcpu->guest->space.epoch;
        hart.vcpu->vmid_epoch = hart.guest_epoch;
        changed = true;
        fence_guest();
    }
    if (changed)
        report_fences(hart);
    if (hart.fencing && fenced(hart, *hart.fencing, hart.fence_epoch))
        hart.fencing = nullptr;
}

void settle(Hart& hart) {
    if (hart.vcpu && csr::hstatus.read().get(Hstatus::hu))
        hart.vcpu->hstatus = csr::hstatus.read().raw;
    expire(hart, now());
    pick(hart, now());

    Thread* thread = hart.current;
    if (thread && thread->vcpu && thread->vcpu->guest->dying)
        unbind(*thread);
    Vcpu* vcpu = thread && thread->vcpu ? thread->vcpu : hart.vcpu;
    const bool unloaded =
        hart.vcpu && (hart.vcpu != vcpu || vcpu->guest->dying || !vcpu->thread || vcpu->thread->hart != &hart ||
                      vcpu->guest->process->state != abi::ProcessState::Alive);
    if (unloaded)
        unload(*hart.vcpu);
    if (thread && thread->vcpu) {
        if (hart.vcpu != vcpu)
            load(*vcpu, hart);
        deliver_interrupts(*vcpu);
        if (vcpu->kicked && thread->in_guest())
            exit_guest(*thread, abi::ExitReason::Kicked);
    }
    settle_spaces(hart, unloaded);
    if (thread)
        set_mode(*thread);
    set_timer(hart, next_deadline(hart));
}

namespace {

void external_interrupt(Hart& hart) {
    while (const std::uint32_t line = nucleus.plic.claim(hart.number)) {
        const Signal& signal = nucleus.lines[line];
        if (signal.event && nucleus.pool.serial(signal.event) == signal.serial) {
            raise(signal); // completed by InterruptAcknowledge
        } else {
            nucleus.plic.complete(hart.number, line);
            nucleus.plic.enable(hart.number, line, false);
        }
    }
}

/// Everything that has come in for this hart: other harts' wishes, its timer, its devices.
void take_interrupts(Hart& hart) {
    const Locked locked{nucleus.lock};
    const std::uint64_t pending = csr::sip.read();
    csr::sip.clear(interrupt_bit::ssip); // before looking at what it stands for
    if ((pending & interrupt_bit::seip) != 0)
        external_interrupt(hart);
    if ((pending & interrupt_bit::stip) != 0)
        hart.armed = 0; // has fired: set it again
    settle(hart);
}

void program_trap(Hart& hart, Thread& thread, std::uint64_t cause) {
    constexpr std::uint64_t user_call = 8, hlv_length = 4;
    abi::Registers& registers = thread.registers;
    if (cause == user_call) {
        registers.pc += 4;
        if (call_without_lock(thread))
            return;
        const Locked locked{nucleus.lock};
        return call_with_lock(hart, thread);
    }
    // A monitor's HLV, HLVX or HSV whose guest address leads nowhere: skipped, with the cause in t0 (docs/abi.md).
    if (csr::hstatus.read().get(Hstatus::gva)) {
        registers.x[5] = cause;
        registers.pc += hlv_length;
        return;
    }
    const std::uint64_t value = csr::stval.read();
    const Locked locked{nucleus.lock};
    end(*thread.process, abi::ProcessState::Faulted, cause, value, registers);
    settle(hart);
}

}

/// The heart: run what is current until it traps, see why, go on.
extern "C" [[noreturn]] void run() {
    Hart& hart = this_hart();
    hart.running.store(true, std::memory_order_release);
    set_up_hart();
    nucleus.plic.open(hart.number);
    take_interrupts(hart); // whose end is to pick what to run
    for (;;) {
        while (!hart.current || hart.fencing) {
            if (csr::sip.read() == 0)
                asm volatile("wfi");
            take_interrupts(hart);
        }
        Thread& thread = *hart.current;
        run_until_trap(*thread.active);
        const std::uint64_t cause = csr::scause.read();
        const bool in_guest = thread.in_guest();
        if (in_guest)
            thread.vcpu->sstatus = csr::sstatus.read().raw;
        if (static_cast<std::int64_t>(cause) < 0)
            take_interrupts(hart);
        else if (in_guest)
            guest_trap(hart, thread, cause);
        else
            program_trap(hart, thread, cause);
    }
}
