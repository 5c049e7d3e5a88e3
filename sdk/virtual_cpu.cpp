// SPDX-License-Identifier: Apache-2.0
#include "sdk/virtual_cpu.hpp"

#include <optional>

#include "base/page.hpp"
#include "sdk/decode.hpp"
#include "sdk/guest_virtual.hpp"

namespace sdk {

namespace {

/// htinst of a fault by a page-table walk: a 64-bit read or write (norm:H_trans_implicit_trap_pseudo).
constexpr std::uint64_t walk_read = 0x3000, walk_write = 0x3020;

/// Whether a page-table walk has faulted. Hardware must say so, but QEMU 7 does not: then the address is not where the
/// page offset that it has in common with the guest-virtual one would put it.
bool by_walk(const abi::ExitRecord& exit) {
    constexpr std::uint64_t page_offset = page_bytes - 4;
    return exit.instruction == walk_read || exit.instruction == walk_write ||
           (exit.instruction == 0 && ((exit.guest_page << 2 ^ exit.trap_value) & page_offset) != 0);
}

/// The instruction at pc, fetched as the guest would; nothing if it cannot be.
std::optional<std::uint32_t> fetch_instruction(GuestVirtual pc) {
    const auto low = fetch_guest(pc);
    if (!low || (*low & 3) != 3)
        return low;
    const auto next = pc.plus(2);
    const auto high = next ? fetch_guest(*next) : std::nullopt;
    if (!high)
        return {};
    return static_cast<std::uint32_t>(*high) << 16 | *low;
}

}

VirtualCpu::VirtualCpu(const GuestMemory& memory, Handle handle, Reservation address)
    : memory_{&memory}, address_{std::move(address)}, page_{reinterpret_cast<abi::VcpuPage*>(address_.address())},
      handle_{std::move(handle)} {}

abi::Result<VirtualCpu> VirtualCpu::create(const GuestMemory& memory, GuestPhysical entry, std::uint64_t argument) {
    Reservation address{page_bytes};
    const auto slot = call(abi::Call::VcpuCreate, memory.guest(), address.address());
    if (!slot)
        return std::unexpected{slot.error()};
    VirtualCpu cpu{memory, Handle{*slot}, std::move(address)};
    cpu.registers().pc = entry.value;
    cpu.registers().x[11] = argument;
    return cpu;
}

std::uint64_t VirtualCpu::insist(abi::Call how, std::uint64_t error) {
    while (error == static_cast<std::uint64_t>(abi::Error::Again))
        error = run_guest(how, handle_.slot());
    return error;
}

DecodedExit VirtualCpu::decode() {
    using enum abi::ExitReason;
    abi::Registers& registers = page_->registers;
    const abi::ExitRecord& exit = page_->exit;
    switch (exit.reason) {
    case LoadGuestPageFault: return decode_fault(Access::Load);
    case StoreGuestPageFault: return decode_fault(Access::Store);
    case InstructionGuestPageFault:
        return memory_->program() && registers.pc == abi::program_trap_vector ? decode_program_trap()
                                                                              : decode_fault(Access::Fetch);
    case VirtualInstruction: // hardware may not say which; QEMU does not for WRS.NTO
        return sdk::VirtualInstruction{exit.trap_value != 0 ? static_cast<std::uint32_t>(exit.trap_value)
                                                            : fetch_instruction({registers.pc}).value_or(0)};
    case Kicked: return sdk::Kicked{};
    case InstructionMisaligned:
    case InstructionAccessFault:
    case IllegalInstruction:
    case Breakpoint:
    case LoadMisaligned:
    case LoadAccessFault:
    case StoreMisaligned:
    case StoreAccessFault:
    case InstructionPageFault:
    case LoadPageFault:
    case StorePageFault: return Exception{exit.reason, exit.trap_value};
    case SupervisorCall:
    case UserCall: break; // need no decoding
    }
    return Unexpected{exit};
}

/// An exception of a guest without a kernel that came by way of its trap vector: back to where it happened.
DecodedExit VirtualCpu::decode_program_trap() {
    using enum abi::VcpuRegister;
    const auto cause = read(Vscause), value = read(Vstval), pc = read(Vsepc), to_user = write(Supervisor, 0);
    if (!cause || !value || !pc || !to_user)
        return Gone{abi::Error::BadHandle};
    registers().pc = *pc;
    return Exception{static_cast<abi::ExitReason>(*cause), *value};
}

/// What a walk that faulted was for. QEMU 7 says of each that it was for a load; but what loads can be fetched, and is
/// no store.
Access VirtualCpu::what_walked() const {
    const auto word = fetch_instruction({page_->registers.pc});
    if (!word)
        return Access::Fetch;
    const auto instruction = decode_instruction(*word);
    return instruction && instruction->store ? Access::Store : Access::Load;
}

/// The instruction that has faulted, where hardware did not say. The guest may have changed its code since: what is
/// decoded must fit what happened.
Transformed VirtualCpu::fetch_transformed() const {
    if (by_walk(page_->exit) || memory_->contains(fault_address()))
        return {};
    const auto word = fetch_instruction({page_->registers.pc});
    return word ? transform(*word) : Transformed{};
}

DecodedExit VirtualCpu::decode_fault(Access access) const {
    const bool walked = by_walk(page_->exit);
    const GuestPhysical address = walked ? GuestPhysical{page_->exit.guest_page << 2} : fault_address();
    return GuestPageFault{address, walked && access == Access::Load ? what_walked() : access, walked};
}

abi::Result<void> VirtualCpu::use_interrupt_file(abi::Handle memory) const {
    if (const auto used = call(abi::Call::VcpuUseFile, handle_.slot(), memory); !used)
        return std::unexpected{used.error()};
    return {};
}

abi::Result<void> VirtualCpu::raise_exception(std::uint64_t cause, std::uint64_t value) {
    using enum abi::VcpuRegister;
    constexpr std::uint64_t sie = 1 << 1, spie = 1 << 5, spp = 1 << 8;
    const auto status = read(Vsstatus), vector = read(Vstvec), supervisor = read(Supervisor);
    if (!status || !vector || !supervisor)
        return std::unexpected{!status ? status.error() : !vector ? vector.error() : supervisor.error()};
    const std::uint64_t saved =
        (*status & ~(sie | spie | spp)) | ((*status & sie) != 0 ? spie : 0) | (*supervisor != 0 ? spp : 0);
    for (const auto& [which, what] : {std::pair{Vsstatus, saved},
                                      {Vsepc, registers().pc},
                                      {Vscause, cause},
                                      {Vstval, value},
                                      {Supervisor, std::uint64_t{1}}})
        if (const auto written = write(which, what); !written)
            return std::unexpected{written.error()};
    registers().pc = *vector & ~std::uint64_t{3}; // exceptions go to BASE in either mode (norm:stvec_mode_enc)
    return {};
}

}
