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

struct Trap {
    std::uint64_t cause;  ///< scause, or TRAP_RESUME
    std::uint64_t handle; ///< of a TRAP_RESUME: the argument of VcpuResume
};

/// Runs `registers` until they trap, and says why (trap.S). `enter` keeps nothing but sp and tp.
Trap run_until_trap(abi::Registers& registers) {
    register std::uint64_t a0 asm("a0") = reinterpret_cast<std::uint64_t>(&registers);
    register std::uint64_t a1 asm("a1");
    asm volatile("call enter"
                 : "+r"(a0), "=r"(a1)
                 :
                 : "memory", "ra", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "a2", "a3", "a4", "a5", "a6", "a7", "s0",
                   "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11");
    return {a1, a0};
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

}

void settle_spaces(Hart& hart) {
    Process* process = hart.current ? hart.current->process : hart.process;
    if (process && process->state != abi::ProcessState::Alive)
        process = nullptr;
    if (process != hart.process || (process && hart.program_epoch != process->space.epoch)) {
        const HostPhysical root = process ? process->space.table.root() : nucleus.root;
        hart.process = process;
        hart.program_epoch = process ? process->space.epoch : 0;
        csr::satp.write(Atp{}.with(Atp::mode, Atp::sv39).with(Atp::ppn, root.value / page_bytes));
        asm volatile("sfence.vma zero, %0" ::"r"(0) : "memory"); // all but the window, which is global
    }
    if (hart.vcpu && hart.guest_epoch != hart.vcpu->guest->space.epoch) {
        hart.guest_epoch = hart.vcpu->guest->space.epoch;
        hart.vcpu->vmid_epoch = hart.guest_epoch;
        fence_guest();
    }
    report_fences(hart);
}

void settle(Hart& hart) {
    save_mode(hart);
    end_fence(hart); // before choosing what runs: until then nobody else does
    expire(hart, now());
    pick(hart, now());

    Thread* thread = hart.current;
    if (thread && thread->vcpu && thread->vcpu->guest->dying)
        unbind(*thread);
    Vcpu* vcpu = thread && thread->vcpu ? thread->vcpu : hart.vcpu;
    if (hart.vcpu && (hart.vcpu != vcpu || vcpu->guest->dying || !vcpu->thread || vcpu->thread->hart != &hart ||
                      vcpu->guest->process->state != abi::ProcessState::Alive))
        evict(*hart.vcpu);
    if (thread && thread->vcpu) {
        if (hart.vcpu != vcpu)
            load(*vcpu, hart);
        deliver_interrupts(*vcpu);
        if (vcpu->file_hart == &hart)
            unwatch_file(*vcpu);
        if (vcpu->kicked && thread->in_guest()) {
            vcpu->kicked = false;
            exit_guest(*thread, abi::ExitReason::Kicked);
        }
    }
    settle_spaces(hart);
    if (thread)
        set_mode(*thread);
    set_timer(hart, next_deadline(hart));
}

namespace {

void external_interrupt(Hart& hart) {
    while (const std::uint32_t line = nucleus.interrupts.claim(hart.number)) {
        const Signal& signal = nucleus.lines[line];
        if (signal.event && nucleus.pool.serial(signal.event) == signal.serial) {
            raise(signal); // completed by InterruptAcknowledge
        } else {
            nucleus.interrupts.drop(hart.number, line);
        }
    }
}

}

Next take_interrupts(Hart& hart) {
    const Locked locked{nucleus.lock};
    const std::uint64_t pending = csr::sip.read();
    csr::sip.clear(interrupt_bit::ssip); // before looking at what it stands for
    if ((pending & interrupt_bit::seip) != 0)
        external_interrupt(hart);
    if ((pending & interrupt_bit::stip) != 0)
        hart.armed = 0; // has fired: set it again
    if (pending == 0)   // a guest interrupt file's, which is not in sip; else it comes again
        wake_files(hart);
    settle(hart);
    return Next::Choice;
}

namespace {

/// Handles a system call, and whatever else stops a program.
[[gnu::noinline]] Next program_trap(Hart& hart, std::uint64_t cause, Thread& thread) {
    constexpr std::uint64_t ecall_length = 4, hlv_length = 4;
    abi::Registers& registers = thread.registers;
    if (is_interrupt(cause))
        return take_interrupts(hart);
    if (cause == TRAP_USER_CALL) {
        registers.pc += ecall_length;
        if (call_without_lock(thread))
            return Next::Program;
        const Locked locked{nucleus.lock};
        call_with_lock(hart, thread);
        return Next::Choice;
    }
    // A monitor's HLV, HLVX or HSV whose guest address leads nowhere: skipped, with the cause in t0 (docs/abi.md).
    if (csr::hstatus.read().get(Hstatus::gva)) {
        registers.x[5] = cause;
        registers.pc += hlv_length;
        return Next::Program;
    }
    const std::uint64_t value = csr::stval.read();
    const Locked locked{nucleus.lock};
    end(*thread.process, abi::ProcessState::Faulted, cause, value, registers);
    settle(hart);
    return Next::Choice;
}

/// Runs a program until its guest is to run (true), or something else may be (false).
bool run_program(Hart& hart, Thread& thread) {
    for (;;) {
        Trap trap = run_until_trap(thread.registers);
        if (trap.cause == TRAP_RESUME) {
            if (trap.handle == thread.resumable && trap.handle != 0) {
                constexpr std::uint64_t ecall_length = 4;
                thread.registers.pc = csr::sepc.read() + ecall_length;
                resume_guest(thread);
                return true;
            }
            thread.registers.pc = csr::sepc.read();
            thread.registers.x[10] = trap.handle;
            thread.registers.x[17] = static_cast<std::uint64_t>(abi::Call::VcpuResume);
            trap.cause = TRAP_USER_CALL;
        }
        if (program_trap(hart, trap.cause, thread) == Next::Choice)
            return false;
    }
}

/// Runs a guest until its program is to run (true), or something else may be (false).
bool run_guest(Hart& hart, Thread& thread) {
    for (;;) {
        const Next next = guest_trap(hart, thread, run_until_trap(*thread.active).cause);
        if (next != Next::Guest)
            return next == Next::Program;
    }
}

/// Waits until there is something to run, taking what comes in meanwhile.
void wait_for_work(Hart& hart) {
    while (!hart.current || hart.fencing) {
        if (csr::sip.read() == 0)
            asm volatile("wfi");
        take_interrupts(hart);
    }
}

}

/// The heart: run what is current for as long as it is, then see what is next.
extern "C" [[noreturn]] void run() {
    Hart& hart = this_hart();
    hart.running.store(true, std::memory_order_release);
    set_up_hart();
    nucleus.interrupts.open(hart.number);
    take_interrupts(hart); // whose end is to pick what to run
    for (;;) {
        wait_for_work(hart);
        Thread& thread = *hart.current;
        for (bool in_guest = thread.in_guest(); in_guest || run_program(hart, thread); in_guest = false)
            if (!run_guest(hart, thread))
                break;
    }
}
