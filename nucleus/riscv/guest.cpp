// SPDX-License-Identifier: Apache-2.0
// What a guest does that stops it: answered here if it needs no policy, else an exit to its monitor.
#include "nucleus/riscv/guest.hpp"

#include "base/sbi.hpp"
#include "nucleus/calls.hpp"
#include "nucleus/riscv/csr.hpp"
#include "nucleus/scheduler.hpp"

namespace {

constexpr std::uint64_t a0 = 10, a1 = 11, a6 = 16, a7 = 17;

/// Ends an SBI call of the guest with success.
void succeed(abi::Registers& registers) {
    registers.x[a0] = registers.x[a1] = 0;
    registers.pc += 4;
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

[[gnu::noinline]] void set_software_timer(Vcpu& vcpu, std::uint64_t deadline) {
    const Locked locked{nucleus.lock};
    vcpu.state(abi::VcpuRegister::Vstimecmp) = deadline;
    interrupt(vcpu, 0, abi::hvip::vstip);
    arm_guest_timer(vcpu);
    settle(this_hart());
}

[[gnu::noinline]] void send_to_others(Vcpu& self, std::uint64_t harts) {
    const Locked locked{nucleus.lock};
    for (std::uint64_t id = 0; id < self.guest->vcpu_count; ++id)
        if (id != self.id && (harts >> id & 1) != 0)
            interrupt(*self.guest->vcpus[id], abi::hvip::vssip, 0);
    settle(this_hart());
}

[[gnu::noinline]] void fence_everywhere(Hart& hart, Vcpu& self) {
    const Locked locked{nucleus.lock};
    fence(hart, self.guest->space);
    settle(hart);
}

void set_timer(Vcpu& vcpu, std::uint64_t deadline) {
    if (nucleus.has(abi::SystemFeature::Sstc))
        csr::vstimecmp.write(deadline);
    else
        set_software_timer(vcpu, deadline);
}

void send_ipi(Vcpu& self, std::uint64_t harts) {
    const std::uint64_t own = std::uint64_t{1} << self.id;
    if ((harts & own) != 0)
        csr::hvip.set(abi::hvip::vssip);
    if ((harts & ~own) != 0)
        send_to_others(self, harts);
}

/// Drops translations and stale instructions. More than asked for, on each of these vCPUs, never less.
void remote_fence(Hart& hart, Vcpu& self, std::uint64_t harts) {
    if (harts == std::uint64_t{1} << self.id)
        asm volatile("hfence.vvma\n fence.i" ::: "memory");
    else
        fence_everywhere(hart, self);
}

/// Whether some of an SBI extension's calls need no policy.
bool nucleus_answers(std::uint64_t extension) {
    switch (static_cast<sbi::Extension>(extension)) {
    case sbi::Extension::Time:
    case sbi::Extension::Ipi:
    case sbi::Extension::RemoteFence: return true;
    default: return false;
    }
}

/// The SBI calls that need no policy, where the call is well-formed; all else is the monitor's to answer.
bool answer_sbi_call(Hart& hart, Vcpu& vcpu, abi::Registers& registers) {
    const std::uint64_t function = registers.x[a6];
    switch (static_cast<sbi::Extension>(registers.x[a7])) {
    case sbi::Extension::Time:
        if (function != 0)
            return false;
        {
            const std::uint64_t deadline = registers.x[a0];
            succeed(registers);
            ++vcpu.page->answered.timers;
            set_timer(vcpu, deadline);
        }
        return true;
    case sbi::Extension::Ipi:
    case sbi::Extension::RemoteFence: {
        const bool ipi = registers.x[a7] == static_cast<std::uint64_t>(sbi::Extension::Ipi);
        const auto harts = named_harts(*vcpu.guest, registers.x[a0], registers.x[a1]);
        if (!harts || function > (ipi ? 0 : sbi::remote_sfence_vma_asid))
            return false;
        succeed(registers);
        ++(ipi ? vcpu.page->answered.ipis : vcpu.page->answered.fences);
        if (ipi)
            send_ipi(vcpu, *harts);
        else if (*harts != 0)
            remote_fence(hart, vcpu, *harts);
        return true;
    }
    default: return false;
    }
}

/// WFI: the guest waits, and others run, until an interrupt that it has enabled is pending (norm:wfi_op).
[[gnu::noinline]] void wait_for_interrupt(Hart& hart, Thread& thread) {
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
        block(thread, Wait::Interrupt);
    }
    settle(hart);
}

}

void exit_guest(Thread& thread, abi::ExitReason reason) {
    Vcpu& vcpu = *thread.vcpu;
    if (reason == abi::ExitReason::Kicked)
        vcpu.kicked = false;
    vcpu.page->exit.reason = reason;
    vcpu.page->exit.supervisor = Sstatus{{vcpu.sstatus}}.get(Sstatus::spp);
    thread.active = &thread.registers;
    thread.registers.x[a0] = 0;
    csr::hstatus.clear(Hstatus::spv.mask);
    csr::sstatus.write(program_status);
}

void resume_guest(Thread& thread) {
    thread.active = &thread.vcpu->page->registers;
    csr::hstatus.set(Hstatus::spv.mask);
    csr::sstatus.write(Sstatus{{thread.vcpu->sstatus}});
}

void guest_trap(Hart& hart, Thread& thread, std::uint64_t cause) {
    const auto reason = static_cast<abi::ExitReason>(cause);
    constexpr std::uint64_t wfi = 0x10500073;
    Vcpu& vcpu = *thread.vcpu;
    if (reason == abi::ExitReason::SupervisorCall) {
        if (nucleus_answers(vcpu.page->registers.x[a7]) && answer_sbi_call(hart, vcpu, vcpu.page->registers))
            return;
    } else if (reason != abi::ExitReason::UserCall) {
        abi::ExitRecord& exit = vcpu.page->exit;
        exit.trap_value = csr::stval.read();
        exit.guest_page = csr::htval.read();
        exit.instruction = csr::htinst.read();
        if (reason == abi::ExitReason::VirtualInstruction && exit.trap_value == wfi &&
            Sstatus{{vcpu.sstatus}}.get(Sstatus::spp))
            return wait_for_interrupt(hart, thread);
    }
    exit_guest(thread, reason);
}
