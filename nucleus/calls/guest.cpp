// SPDX-License-Identifier: Apache-2.0
// Guests and their virtual CPUs.
#include "nucleus/calls/request.hpp"

namespace calls {

namespace {

/// Where a vCPU's register is kept; null if there is none of that number.
std::uint64_t* place(Vcpu& vcpu, std::uint64_t which) {
    if (which < static_cast<std::uint64_t>(abi::VcpuRegister::Count))
        return &vcpu.registers[which];
    if (which - abi::first_float_word < abi::float_words)
        return &vcpu.floats[which - abi::first_float_word];
    const std::uint64_t words = nucleus.vector_bytes != 0 ? abi::vector_csr_words + nucleus.vector_bytes * 32 / 8 : 0;
    if (which - abi::first_vector_word < words)
        return reinterpret_cast<std::uint64_t*>(vcpu.vectors.data()) + (which - abi::first_vector_word);
    return nullptr;
}

/// Makes a vCPU's registers such that they can be read and written: it runs nowhere, and what a hart had of it is
/// saved.
Error stop(Vcpu& vcpu, std::uint64_t which) {
    if (!place(vcpu, which))
        return Error::BadArgument;
    if (vcpu.hart && vcpu.hart != &this_hart())
        return Error::Busy;
    if (vcpu.hart)
        evict(vcpu);
    return Error::None;
}

/// The bits of a vCPU's register that its monitor may set.
std::uint64_t choosable(abi::VcpuRegister which) {
    constexpr std::uint64_t counters = 7; // cycle, time, instret
    switch (which) {
    case abi::VcpuRegister::Hvip: return abi::hvip::all;
    case abi::VcpuRegister::Hcounteren: return counters;
    case abi::VcpuRegister::Henvcfg: return nucleus.henvcfg;
    case abi::VcpuRegister::Debug: return 1;
    default: return ~std::uint64_t{0};
    }
}

}

Answer guest_create(const Request& request) {
    const auto flags = static_cast<abi::GuestFlags>(request[0]);
    if (request[0] > 3)
        return std::unexpected{Error::BadArgument};
    auto* guest = Request::make<Guest>(request.account());
    if (!guest)
        return std::unexpected{Error::OutOfQuota};
    guest->flags = flags;
    guest->process = &request.process;
    guest->space.account.payer = &request.account();
    const bool wide = guest->has(abi::GuestFlags::Wide);
    const void* root = nucleus.pool.allocate(guest->space.account, Kind::None, 4);
    if (!root || (wide && !nucleus.has(abi::SystemFeature::Sv48x4))) {
        nucleus.pool.release_all(guest->space.account, 1);
        nucleus.pool.release(request.account(), guest);
        return std::unexpected{root ? Error::Unsupported : Error::OutOfQuota};
    }
    guest->space.table = {nucleus.pool.physical(root), {wide ? 4u : 3u, 11}};
    guest->time_delta = 0 - now();
    const auto handle = request.name(*guest);
    if (!handle) {
        nucleus.pool.release_all(guest->space.account, 1);
        nucleus.pool.release(request.account(), guest);
    }
    return handle;
}

Answer vcpu_create(const Request& request, Guest& guest) {
    if (guest.dying || guest.process != &request.process)
        return std::unexpected{Error::BadHandle};
    if (guest.vcpu_count == Guest::vcpu_limit || !inside(program_limit, request[1], 1))
        return std::unexpected{Error::BadArgument};
    if (request.account().left < 2)
        return std::unexpected{Error::OutOfQuota};
    auto* vcpu = Request::make<Vcpu>(guest.space.account);
    void* page = nucleus.pool.allocate(guest.space.account);
    TableMemory tables{nucleus.pool, request.account()};
    const auto mapped = request.process.space.table.map(tables, request[1], nucleus.pool.physical(page), 1,
                                                        pte::read | pte::write | pte::user);
    const auto handle = mapped ? request.name(*vcpu) : mapped;
    if (!handle) {
        if (mapped)
            (void)request.process.space.table.protect(tables, request[1], 1, 0);
        nucleus.pool.release(guest.space.account, page);
        nucleus.pool.release(guest.space.account, vcpu);
        return handle;
    }
    set_up(*vcpu, guest, *static_cast<abi::VcpuPage*>(page), request[1]);
    fence(this_hart(), request.process.space);
    return handle;
}

Answer vcpu_resume(const Request& request, Vcpu& vcpu) {
    Thread& thread = request.thread;
    if (vcpu.guest->process != &request.process || vcpu.guest->dying)
        return std::unexpected{Error::BadHandle};
    if (vcpu.thread && vcpu.thread != &thread)
        return std::unexpected{Error::Busy};
    if (vcpu.hart && vcpu.hart != &this_hart()) { // of a thread that has gone
        interrupt_hart(*vcpu.hart);
        return std::unexpected{Error::Again};
    }
    if (thread.vcpu != &vcpu)
        unbind(thread);
    thread.vcpu = &vcpu;
    vcpu.thread = &thread;
    thread.resumable = request[0];
    thread.active = &vcpu.page->registers;
    return 0;
}

Answer vcpu_wait(const Request& request, Vcpu& vcpu) {
    using enum abi::VcpuRegister;
    if (const Error error = stop(vcpu, 0); error != Error::None)
        return std::unexpected{error};
    const auto resumed = vcpu_resume(request, vcpu);
    const std::uint64_t pending = (vcpu.state(Hvip) & ~vcpu.clear) | vcpu.set;
    if (resumed && (pending & vcpu.state(Vsie) << 1) == 0 && !vcpu.kicked) {
        arm_guest_timer(vcpu);
        watch_file(vcpu);
        block(request.thread, Wait::Interrupt);
    }
    return resumed;
}

Answer vcpu_use_file(const Request& request, Vcpu& vcpu) {
    const auto memory = request.range(1, Kind::Memory, Rights::Read | Rights::Write);
    if (!memory)
        return std::unexpected{memory.error()};
    const std::uint64_t file = guest_file(memory->value);
    const Error error = file == 0 ? Error::BadArgument : stop(vcpu, 0);
    if (error != Error::None)
        return std::unexpected{error};
    use_file(vcpu, file);
    return 0;
}

Answer vcpu_interrupt(const Request& request, Vcpu& vcpu) {
    if (((request[1] | request[2]) & ~abi::hvip::all) != 0)
        return std::unexpected{Error::BadArgument};
    interrupt(vcpu, request[1], request[2]);
    return 0;
}

Answer vcpu_kick(const Request&, Vcpu& vcpu) {
    vcpu.kicked = true;
    if (vcpu.thread)
        vcpu.thread->resumable = 0;
    interrupt(vcpu, 0, 0);
    return 0;
}

Answer vcpu_read(const Request& request, Vcpu& vcpu) {
    if (const Error error = stop(vcpu, request[1]); error != Error::None)
        return std::unexpected{error};
    if (request[1] == static_cast<std::uint64_t>(abi::VcpuRegister::Supervisor))
        return vcpu.sstatus >> 8 & 1;
    if (request[1] == static_cast<std::uint64_t>(abi::VcpuRegister::Hvip) && file_pending(vcpu))
        return vcpu.state(abi::VcpuRegister::Hvip) | abi::hvip::vseip;
    return *place(vcpu, request[1]);
}

Answer vcpu_write(const Request& request, Vcpu& vcpu) {
    if (const Error error = stop(vcpu, request[1]); error != Error::None)
        return std::unexpected{error};
    const auto which = static_cast<abi::VcpuRegister>(request[1]);
    if (which == abi::VcpuRegister::Supervisor)
        vcpu.sstatus = (vcpu.sstatus & ~std::uint64_t{1 << 8}) | (request[2] & 1) << 8;
    else
        *place(vcpu, request[1]) = request[2] & choosable(which);
    if (which == abi::VcpuRegister::Vstimecmp && !nucleus.has(abi::SystemFeature::Sstc)) {
        interrupt(vcpu, 0, abi::hvip::vstip);
        if (vcpu.thread)
            arm_guest_timer(vcpu);
    }
    return 0;
}

}
