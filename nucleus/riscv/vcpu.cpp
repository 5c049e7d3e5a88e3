// SPDX-License-Identifier: Apache-2.0
// What a vCPU is to the hardware: loading its state into a hart and saving it again.
#include <tuple>

#include "nucleus/riscv/csr.hpp"
#include "nucleus/riscv/guest.hpp"

extern "C" {
void guest_state_save_float(std::uint64_t* memory);
void guest_state_load_float(const std::uint64_t* memory);
void guest_state_save_vector(std::byte* memory, std::uint64_t group_bytes);
void guest_state_load_vector(const std::byte* memory, std::uint64_t group_bytes);
void leave_program();
void leave_guest();
}

namespace {

using abi::SystemFeature;
using abi::VcpuRegister;

/// Calls `action` with each register of a guest that is simply swapped, and the place where it is kept.
void for_each_register(Vcpu& vcpu, auto action) {
    auto place = &vcpu.registers[static_cast<std::size_t>(VcpuRegister::Vsstatus)];
    const auto each = [&](auto... registers) { (action(registers, *place++), ...); };
    each(csr::vsstatus, csr::vsie, csr::vstvec, csr::vsscratch, csr::vsepc, csr::vscause, csr::vstval, csr::vsatp,
         csr::hvip, csr::scounteren, csr::senvcfg, csr::htimedelta, csr::hcounteren);
    static_assert(
        static_cast<std::size_t>(VcpuRegister::Hcounteren) - static_cast<std::size_t>(VcpuRegister::Vsstatus) == 12);
    if (nucleus.henvcfg != 0)
        action(csr::henvcfg, vcpu.state(VcpuRegister::Henvcfg));
    if (nucleus.has(SystemFeature::Sstc))
        action(csr::vstimecmp, vcpu.state(VcpuRegister::Vstimecmp));
    if (nucleus.has(SystemFeature::Smstateen))
        action(csr::sstateen0, vcpu.sstateen);
    if (nucleus.has(SystemFeature::Aia))
        action(csr::vsiselect, vcpu.state(VcpuRegister::Vsiselect));
}

void fence_guest_table() {
    asm volatile("hfence.gvma" ::: "memory");
}

/// The register that selects a guest's page table. A vCPU that has been elsewhere, or missed a fence, or whose
/// identifier was handed out again, gets a fresh identifier, under which nothing is cached; so no fence on other harts
/// is needed.
Atp guest_translation(Vcpu& vcpu, Hart& hart, bool& fresh) {
    const Space& space = vcpu.guest->space;
    fresh = vcpu.vmid_hart != &hart || vcpu.vmid_epoch != space.epoch ||
            hart.vmid_tickets - vcpu.vmid_ticket >= nucleus.vmid_count;
    if (fresh) {
        vcpu.vmid_hart = &hart;
        vcpu.vmid_epoch = space.epoch;
        vcpu.vmid_ticket = ++hart.vmid_tickets;
    }
    return Atp{}
        .with(Atp::mode, space.table.shape().levels == 4 ? Atp::sv48 : Atp::sv39)
        .with(Atp::vmid, vcpu.vmid_ticket % nucleus.vmid_count)
        .with(Atp::ppn, space.table.root().value / page_bytes);
}

/// A guest without an interrupt file finds its external interrupt in vstopi by IID = 9 and IPRIO = 1: QEMU looks at
/// these alone, whatever hvip says, as Linux's KVM has it.
void show_external_interrupt() {
    if (nucleus.has(SystemFeature::Aia))
        csr::hvictl.write(9 << 16 | (csr::hvip.read() & abi::hvip::vseip) / abi::hvip::vseip);
}

constexpr std::uint64_t counters = 7; // cycle, time, instret (norm:scounteren_op)
constexpr std::uint64_t float_unit = Sstatus::fs.mask, vector_unit = Sstatus::vs.mask;

/// Exceptions 0 to 8, 12, 13 and 15: what an operating system handles itself. Not guest page faults, not its ecalls.
constexpr std::uint64_t delegated_exceptions = 0xb1ff;
/// Those that firmware may keep for itself, of a guest without a kernel: misaligned, access faults, illegal
/// instructions. docs/decisions/programs-trap-through-vstvec.md says why they go to abi::program_trap_vector first.
constexpr std::uint64_t firmware_exceptions = 0xf6;

}

void fence_guest() {
    fence_guest_table();
    asm volatile("hfence.vvma\n fence.i" ::: "memory");
}

void set_up_hart() {
    csr::sscratch.write(0); // this is the nucleus (trap.S)
    csr::hideleg.write(abi::hvip::all);
    csr::scounteren.write(counters);
    csr::hie.write(interrupt_bit::sgeie);
    csr::hgeie.write(0);
    csr::hvip.write(0);
    csr::vsatp.write(0);
    csr::hgatp.write({});
    fence_guest_table();
    if (nucleus.has(SystemFeature::Smstateen)) {
        constexpr std::uint64_t state_enable = std::uint64_t{1} << 63, environment = std::uint64_t{1} << 62;
        constexpr std::uint64_t aia = std::uint64_t{7} << 58; // IMSIC, AIA, CSRIND; read-only zero without them
        csr::hstateen0.write(state_enable | environment | aia);
    }
    if (nucleus.has(SystemFeature::Aia)) {
        open_messages();
    }
    csr::sie.write(interrupt_bit::ssip | interrupt_bit::stip | interrupt_bit::seip);
}

void load(Vcpu& vcpu, Hart& hart) {
    bool fresh = false;
    const Atp translation = guest_translation(vcpu, hart, fresh);
    csr::vsatp.write(0); // vsatp 0, hgatp, vsatp: no walk mixes two guests' tables (privileged manual, hgatp NOTE)
    csr::hgatp.write(translation);
    if (fresh && vcpu.vmid_ticket >= nucleus.vmid_count) // the identifier had another life
        fence_guest();
    if (fresh) // it may have missed that its code was changed
        asm volatile("fence.i" ::: "memory");
    for_each_register(vcpu, [](auto reg, std::uint64_t& value) { reg.write(value); });
    show_external_interrupt();
    const std::uint64_t breakpoint = vcpu.state(VcpuRegister::Debug) << 3;
    csr::hedeleg.write(vcpu.guest->has(abi::GuestFlags::Program) ? firmware_exceptions
                                                                 : delegated_exceptions & ~breakpoint);
    Sstatus status{{vcpu.sstatus}};
    csr::sstatus.set(float_unit);
    guest_state_load_float(vcpu.floats.data());
    status = status.with(Sstatus::fs, Sstatus::clean);
    if (nucleus.vector_bytes != 0) {
        csr::sstatus.set(vector_unit);
        guest_state_load_vector(vcpu.vectors.data(), nucleus.vector_bytes * 8);
        status = status.with(Sstatus::vs, Sstatus::clean);
    }
    vcpu.sstatus = status.raw;
    if (vcpu.file_hart)
        vcpu.hstatus = Hstatus{{vcpu.hstatus}}.with(Hstatus::vgein, vcpu.file_hart == &hart ? vcpu.file : 0).raw;
    vcpu.hart = &hart;
    hart.vcpu = &vcpu;
    hart.guest_epoch = vcpu.vmid_epoch;
}

void unload(Vcpu& vcpu) {
    for_each_register(vcpu, [](auto reg, std::uint64_t& value) { value = reg.read(); });
    Sstatus status{{vcpu.sstatus}};
    if (status.get(Sstatus::fs) == Sstatus::dirty) {
        csr::sstatus.set(float_unit);
        guest_state_save_float(vcpu.floats.data());
    }
    if (status.get(Sstatus::vs) == Sstatus::dirty) {
        csr::sstatus.set(vector_unit);
        guest_state_save_vector(vcpu.vectors.data(), nucleus.vector_bytes * 8);
    }
    csr::vsie.write(0); // before the pending bits could reach anyone else
    csr::hvip.write(0);
    csr::scounteren.write(counters);
    csr::vsatp.write(0);
    csr::hgatp.write({});
    vcpu.hart->vcpu = nullptr;
    vcpu.hart = nullptr;
}

void deliver_interrupts(Vcpu& vcpu) {
    const std::uint64_t changed = vcpu.set | vcpu.clear;
    csr::hvip.clear(vcpu.clear);
    csr::hvip.set(vcpu.set);
    vcpu.set = vcpu.clear = 0;
    if ((changed & abi::hvip::vseip) != 0)
        show_external_interrupt();
}

void save_mode(const Hart& hart) {
    const Hstatus status = csr::hstatus.read();
    if (!hart.vcpu || !status.get(Hstatus::hu))
        return;
    hart.vcpu->hstatus = status.raw;
    if (status.get(Hstatus::spv))
        hart.vcpu->sstatus = csr::sstatus.read().raw;
}

namespace {

void set_vector(void (*vector)()) {
    csr::stvec.write(reinterpret_cast<std::uint64_t>(vector));
}

}

/// After a trap of the guest.
void leave_guest_mode(Vcpu& vcpu) {
    vcpu.sstatus = csr::sstatus.take(Sstatus::spp.mask | Sstatus::fs.mask | Sstatus::vs.mask).raw;
    csr::hstatus.clear(Hstatus::spv.mask);
    set_vector(leave_program);
}

void enter_guest_mode(const Vcpu& vcpu) {
    csr::sstatus.write(Sstatus{{vcpu.sstatus}});
    csr::hstatus.set(Hstatus::spv.mask);
    set_vector(leave_guest);
}

void set_mode(const Thread& thread) {
    constexpr std::uint64_t xlen_64 = 2;
    const Hstatus status{{thread.vcpu ? thread.vcpu->hstatus : 0}}; // keeps SPVP, with which the monitor's HLV work
    csr::hstatus.write(status.with(Hstatus::vsxl, xlen_64)
                           .with(Hstatus::hu, thread.vcpu != nullptr)
                           .with(Hstatus::vtw, true)
                           .with(Hstatus::spv, thread.in_guest()));
    csr::sstatus.write(thread.in_guest() ? Sstatus{{thread.vcpu->sstatus}} : program_status);
    set_vector(thread.in_guest() ? leave_guest : leave_program);
}
