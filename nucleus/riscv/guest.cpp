// SPDX-License-Identifier: Apache-2.0
// What a guest does that stops it: answered here if it needs no policy, else an exit to its monitor.
#include "nucleus/riscv/guest.hpp"

#include "base/sbi.hpp"
#include "nucleus/calls.hpp"
#include "nucleus/riscv/csr.hpp"
#include "nucleus/scheduler.hpp"

namespace {

constexpr std::uint64_t a0 = 10, a1 = 11, a6 = 16, a7 = 17;

/// Ends an SBI call of the guest with success; what its first argument was.
std::uint64_t succeed(abi::Registers& registers) {
    const std::uint64_t first = registers.x[a0];
    registers.x[a0] = registers.x[a1] = 0;
    registers.pc += 4;
    return first;
}

/// The vCPUs that an SBI hart mask names, as a set of hart ids; nothing if it names one that does not exist.
std::optional<std::uint64_t> named_harts(const Guest& guest, std::uint64_t mask, std::uint64_t base) {
    const std::uint64_t all = ~std::uint64_t{0} >> (64 - guest.vcpu_count);
    if (base == ~std::uint64_t{0})
        return all;
    if (mask == 0)
        return 0;
    if (base >= guest.vcpu_count || (mask & ~(all >> base)) != 0)
        return {};
    return mask << base;
}

// What needs the lock stands apart, so that what does not saves no registers for it.

[[gnu::noinline]] Next set_software_timer(Vcpu& vcpu, std::uint64_t deadline) {
    const Locked locked{nucleus.lock};
    vcpu.state(abi::VcpuRegister::Vstimecmp) = deadline;
    interrupt(vcpu, 0, abi::hvip::vstip);
    arm_guest_timer(vcpu);
    settle(this_hart());
    return Next::Choice;
}

[[gnu::noinline]] Next send_to_others(Vcpu& self, std::uint64_t harts) {
    const Locked locked{nucleus.lock};
    for (std::uint64_t id = 0; id < self.guest->vcpu_count; ++id)
        if (id != self.id && (harts >> id & 1) != 0)
            interrupt(*self.guest->vcpus[id], abi::hvip::vssip, 0);
    settle(this_hart());
    return Next::Choice;
}

[[gnu::noinline]] Next fence_others(Hart& hart, Vcpu& self, std::uint64_t harts) {
    const Locked locked{nucleus.lock};
    fence(hart, self.guest->space, harts);
    settle(hart);
    return Next::Choice;
}

Next set_timer(Vcpu& vcpu, std::uint64_t deadline) {
    if (!nucleus.has(abi::SystemFeature::Sstc))
        return set_software_timer(vcpu, deadline);
    csr::vstimecmp.write(deadline);
    return Next::Guest;
}

Next send_ipi(Vcpu& self, std::uint64_t harts) {
    const std::uint64_t own = std::uint64_t{1} << self.id;
    if ((harts & own) != 0)
        csr::hvip.set(abi::hvip::vssip);
    return (harts & ~own) != 0 ? send_to_others(self, harts) : Next::Guest;
}

/// Drops translations and stale instructions. More than asked for, on each of these vCPUs, never less.
Next remote_fence(Hart& hart, Vcpu& self, std::uint64_t harts) {
    if ((harts & ~(std::uint64_t{1} << self.id)) != 0)
        return fence_others(hart, self, harts);
    if (harts != 0)
        asm volatile("hfence.vvma\n fence.i" ::: "memory");
    return Next::Guest;
}

/// The SBI calls that need no policy, where the call is well-formed; all else is the program's, the monitor, to answer.
Next answer_sbi_call(Hart& hart, Vcpu& vcpu, abi::Registers& registers) {
    const auto extension = static_cast<sbi::Extension>(registers.x[a7]);
    switch (extension) {
    case sbi::Extension::Time:
        if (registers.x[a6] != 0)
            return Next::Program;
        ++vcpu.page->answered.timers;
        return set_timer(vcpu, succeed(registers));
    case sbi::Extension::Ipi:
    case sbi::Extension::RemoteFence: {
        const bool ipi = extension == sbi::Extension::Ipi;
        const auto harts = named_harts(*vcpu.guest, registers.x[a0], registers.x[a1]);
        if (!harts || registers.x[a6] > (ipi ? 0 : sbi::remote_sfence_vma_asid))
            return Next::Program;
        succeed(registers);
        ++(ipi ? vcpu.page->answered.ipis : vcpu.page->answered.fences);
        return ipi ? send_ipi(vcpu, *harts) : remote_fence(hart, vcpu, *harts);
    }
    default: [[likely]] return Next::Program;
    }
}

/// WFI: the guest waits, and others run, until an interrupt that it has enabled is pending (norm:wfi_op).
[[gnu::noinline]] Next wait_for_interrupt(Hart& hart, Thread& thread) {
    Vcpu& vcpu = *thread.vcpu;
    vcpu.page->registers.pc += 4;
    ++vcpu.page->answered.waits;
    const Locked locked{nucleus.lock};
    deliver_interrupts(vcpu);
    if ((csr::hip.read() >> 1 & csr::vsie.read()) == 0 && !vcpu.kicked) {
        if (nucleus.has(abi::SystemFeature::Sstc)) {
            vcpu.state(abi::VcpuRegister::Vstimecmp) = csr::vstimecmp.read();
            arm_guest_timer(vcpu);
        }
        if (vcpu.file_hart) {
            vcpu.state(abi::VcpuRegister::Vsie) = csr::vsie.read();
            watch_file(vcpu);
        }
        block(thread, Wait::Interrupt);
    }
    settle(hart);
    return Next::Choice;
}

}

void exit_guest(Thread& thread, abi::ExitReason reason) {
    thread.vcpu->page->exit.reason = reason;
    thread.active = &thread.registers;
    thread.registers.x[a0] = 0;
}

void resume_guest(Thread& thread) {
    thread.active = &thread.vcpu->page->registers;
    enter_guest_mode(*thread.vcpu);
}

Next guest_trap(Hart& hart, Thread& thread, std::uint64_t cause) {
    const auto reason = static_cast<abi::ExitReason>(cause);
    constexpr std::uint64_t wfi = 0x10500073;
    Vcpu& vcpu = *thread.vcpu;
    abi::VcpuPage& page = *vcpu.page;
    if (reason == abi::ExitReason::SupervisorCall) {
        if (const Next next = answer_sbi_call(hart, vcpu, page.registers); next != Next::Program)
            return next;
    } else if (is_interrupt(cause)) {
        return take_interrupts(hart);
    } else if (reason != abi::ExitReason::UserCall) {
        abi::ExitRecord& exit = page.exit;
        const std::uint64_t value = csr::stval.read();
        const bool supervisor = csr::sstatus.read().get(Sstatus::spp);
        if (reason == abi::ExitReason::VirtualInstruction && value == wfi && supervisor)
            return wait_for_interrupt(hart, thread);
        exit.trap_value = value;
        exit.guest_page = csr::htval.read();
        exit.instruction = csr::htinst.read();
        exit.supervisor = supervisor;
    }
    exit_guest(thread, reason);
    leave_guest_mode(vcpu);
    return Next::Program;
}
