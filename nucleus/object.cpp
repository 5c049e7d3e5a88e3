// SPDX-License-Identifier: Apache-2.0
#include "nucleus/object.hpp"

#include "nucleus/nucleus.hpp"

void set_up(Process& process, Account& payer, std::uint64_t quota, std::uint64_t harts) {
    Account& account = process.space.account;
    payer.left -= quota;
    account.left = quota;
    account.payer = &account;
    process.harts = harts;
    process.share = share_usual;
    process.handles = new (nucleus.pool.allocate(account)) HandleTable;
    void* root = nucleus.pool.allocate(account);
    constexpr std::size_t window_entry = 511; // all spaces share the window's tables
    static_cast<std::uint64_t*>(root)[window_entry] = nucleus.window_entry;
    process.space.table = {nucleus.pool.physical(root), {3, 9}};
    process.handles->put(abi::own_process, {abi::Kind::Process, abi::Rights::All,
                                            reinterpret_cast<std::uint64_t>(&process), nucleus.pool.serial(&process)});
}

void set_up(Thread& thread, Process& process, Hart& hart, std::uint8_t urgency) {
    thread.active = &thread.registers;
    thread.process = &process;
    thread.hart = &hart;
    thread.urgency = urgency;
    thread.set_order();
}

void set_up(Vcpu& vcpu, Guest& guest, abi::VcpuPage& page, std::uint64_t page_address) {
    constexpr std::uint64_t program_units = 1 << 13 | 1 << 9; // FS and VS Initial: a guest without a kernel has F, D, V
    constexpr std::uint64_t supervisor = 1 << 8, on_return = 1 << 5, xlen_64 = std::uint64_t{2} << 32;
    vcpu.page = &page;
    vcpu.guest = &guest;
    vcpu.page_address = page_address;
    vcpu.id = guest.vcpu_count;
    vcpu.sstatus = on_return | xlen_64 | (guest.has(abi::GuestFlags::Program) ? 0 : supervisor);
    vcpu.state(abi::VcpuRegister::Vsstatus) = xlen_64 | (guest.has(abi::GuestFlags::Program) ? program_units : 0);
    vcpu.state(abi::VcpuRegister::Scounteren) = guest.has(abi::GuestFlags::Program) ? 7 : 0;
    vcpu.state(abi::VcpuRegister::Vstvec) = guest.has(abi::GuestFlags::Program) ? abi::program_trap_vector : 0;
    vcpu.state(abi::VcpuRegister::TimeDelta) = guest.time_delta;
    vcpu.state(abi::VcpuRegister::Hcounteren) = 7; // cycle, time, instret (norm:hcounteren_op)
    vcpu.state(abi::VcpuRegister::Henvcfg) = nucleus.henvcfg;
    vcpu.state(abi::VcpuRegister::Vstimecmp) = ~std::uint64_t{0};
    guest.vcpus[guest.vcpu_count++] = &vcpu;
}
