// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "abi/vcpu.hpp"
#include "base/match.hpp"
#include "sdk/decode.hpp"
#include "sdk/exit.hpp"
#include "sdk/guest_memory.hpp"
#include "sdk/handle.hpp"
#include "sdk/mapping.hpp"

namespace sdk {

class VirtualCpu;

/// A guest that has stopped, and is yet to be asked why: as an Exit, or by `match`, which takes frequent exits to their
/// handlers without making an Exit of them.
class Stopped {
  public:
    Stopped(VirtualCpu& cpu, std::uint64_t error) : cpu_{cpu}, error_{error} {}
    operator Exit() const;
    template <class... Handlers>
    [[gnu::always_inline]] decltype(auto) match_with(Handlers&&... handlers) const;

  private:
    VirtualCpu& cpu_;
    std::uint64_t error_; ///< 0, or the abi::Error for which the guest could not run
};

/// One virtual CPU of a guest. The thread that first resumes it keeps it.
class VirtualCpu {
  public:
    /// Starts at `entry`, in VS-mode, or in VU-mode if the guest is a program without a kernel, with a0 = its number
    /// (in order of creation, from 0), a1 = `argument`. `memory` outlives it.
    static abi::Result<VirtualCpu> create(const GuestMemory& memory, GuestPhysical entry, std::uint64_t argument = 0);

    /// Runs the guest until something happens that this monitor has to handle.
    Stopped resume() { return run(abi::Call::VcpuResume); }
    /// The same, but the guest goes on only when an interrupt that it has enabled is pending.
    Stopped wait() { return run(abi::Call::VcpuWait); }

    /// Makes the present or the next resume, on whatever thread, return Kicked.
    void kick() const { (void)call(abi::Call::VcpuKick, handle_.slot()); }
    /// Sets and clears virtual interrupts (abi::hvip); wakes a guest that waits for one.
    void interrupt(std::uint64_t set, std::uint64_t clear = 0) const {
        (void)call(abi::Call::VcpuInterrupt, handle_.slot(), set, clear);
    }
    /// External interrupts come from now on from the guest interrupt file (AIA) of this thread's hart that is the first
    /// page of `memory`; while the vCPU runs there. Whatever was in it is gone.
    abi::Result<void> use_interrupt_file(abi::Handle memory) const;
    /// Makes the guest take an exception at its vector, as if its instruction had raised it in the first place.
    abi::Result<void> raise_exception(std::uint64_t cause, std::uint64_t value);

    /// stval of the last exit, of an exception: the guest-virtual address, or the instruction.
    std::uint64_t trap_value() const { return page_->exit.trap_value; }
    /// Whether the guest was in VS-mode at the last exit; else in VU-mode.
    bool was_supervisor() const { return page_->exit.supervisor != 0; }
    /// x0 to x31 and pc, while the guest does not run.
    abi::Registers& registers() { return page_->registers; }
    abi::Result<std::uint64_t> read(abi::VcpuRegister which) const {
        return call(abi::Call::VcpuRead, handle_.slot(), which);
    }
    abi::Result<std::uint64_t> write(abi::VcpuRegister which, std::uint64_t value) const {
        return call(abi::Call::VcpuWrite, handle_.slot(), which, value);
    }
    /// What the nucleus has answered by itself so far. Read it from any thread: a number may be a moment old.
    const abi::Answered& answered() const { return page_->answered; }
    abi::Handle slot() const { return handle_.slot(); }

  private:
    friend Stopped;
    [[gnu::always_inline]] Stopped run(abi::Call how) {
        const std::uint64_t error = run_guest(how, handle_.slot());
        return {*this, error == 0 ? 0 : insist(how, error)};
    }
    /// Calls again for as long as `error` is that the nucleus has done but a piece of it; the last error, or 0.
    [[gnu::noinline]] std::uint64_t insist(abi::Call how, std::uint64_t error);
    VirtualCpu(const GuestMemory& memory, Handle handle, Reservation address);
    SbiCall sbi_call() {
        abi::Registers& registers = page_->registers;
        return {static_cast<sbi::Extension>(registers.x[17]), registers.x[16], registers};
    }
    SystemCall system_call() { return {page_->registers.x[17], page_->registers}; }
    DecodedExit decode();
    DecodedExit decode_program_trap();
    DecodedExit decode_fault(Access access) const;
    Access what_walked() const;
    /// Where an access itself has faulted, no walk (norm:htval_trapval: htval is the address shifted right by 2).
    GuestPhysical fault_address() const { return {page_->exit.guest_page << 2 | (page_->exit.trap_value & 3)}; }
    std::optional<MmioAccess> mmio_access();
    Transformed fetch_transformed() const;

    const GuestMemory* memory_;
    Reservation address_;
    abi::VcpuPage* page_;
    Handle handle_;
};

/// The access to a device for which the guest has stopped; nothing if it was for something else. A device is not
/// accessed by the end of an access that began in memory.
[[gnu::always_inline]] inline std::optional<MmioAccess> VirtualCpu::mmio_access() {
    const abi::ExitRecord& exit = page_->exit;
    const bool store = exit.reason == abi::ExitReason::StoreGuestPageFault;
    if (!store && exit.reason != abi::ExitReason::LoadGuestPageFault)
        return {};
    Transformed word{{exit.instruction}};
    if (!word.get(Transformed::valid)) [[unlikely]]
        word = fetch_transformed();
    if (!word.is(store ? Transformed::store : Transformed::load) || word.get(Transformed::address_offset) != 0 ||
        memory_->contains(fault_address()))
        return {};
    return MmioAccess{
        fault_address(),     word.width(),           store,         page_->registers.x[word.register_number()],
        word.sign_extends(), word.register_number(), word.length(), page_->registers};
}

template <class... Handlers>
decltype(auto) Stopped::match_with(Handlers&&... handlers) const {
    Overloaded all{std::forward<Handlers>(handlers)...};
    if (error_ == 0) [[likely]] {
        if (cpu_.page_->exit.reason == abi::ExitReason::SupervisorCall) {
            SbiCall call = cpu_.sbi_call();
            return all(call);
        }
        if (cpu_.page_->exit.reason == abi::ExitReason::UserCall) {
            SystemCall call = cpu_.system_call();
            return all(call);
        }
        if (auto access = cpu_.mmio_access())
            return all(*access);
    }
    DecodedExit exit = error_ == 0 ? cpu_.decode() : Gone{static_cast<abi::Error>(error_)};
    return ::match(exit, std::move(all));
}

inline Stopped::operator Exit() const {
    return match_with([](auto& exit) { return Exit{exit}; });
}

/// Calls the handler that fits why the guest has stopped, as `match` does with an Exit.
template <class... Handlers>
[[gnu::always_inline]] inline decltype(auto) match(const Stopped& stopped, Handlers&&... handlers) {
    return stopped.match_with(std::forward<Handlers>(handlers)...);
}

}
