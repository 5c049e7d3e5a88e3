// SPDX-License-Identifier: Apache-2.0
// CSRs that a hart's guest does not have in hardware.
#include "monitors/machine/machine.hpp"
#include "monitors/machine/vcpu.hpp"
#include "sdk/must.hpp"

namespace machine {

void Vcpu::take_interrupt_file() {
    if (const abi::Handle file = machine_.interrupts().hardware_file(id_))
        sdk::must(cpu_.use_interrupt_file(file), "an interrupt file");
}

bool Vcpu::access_csr(std::uint32_t word) {
    const auto instruction = CsrInstruction::decode(word);
    if (!instruction)
        return false;
    auto value = read_counter(*instruction);
    if (!value)
        value = access_interrupt_file(*instruction);
    if (!value)
        return false;
    if (instruction->destination != 0)
        cpu_.registers().x[instruction->destination] = *value;
    return true;
}

/// A read-only CSR; in user mode if scounteren lets it.
std::optional<std::uint64_t> Vcpu::read_counter(const CsrInstruction& instruction) {
    if (instruction.writes())
        return {};
    const auto value = machine_.counter(id_, instruction.csr);
    if (value && !cpu_.was_supervisor() && (read(abi::VcpuRegister::Scounteren) >> (instruction.csr & 31) & 1) == 0)
        return {};
    return value;
}

/// stopei and sireg of a hart whose file is a model; of any hart, the priorities of other interrupts, which are zero
/// (AIA, "Indirectly accessed CSRs": iprio0 to iprio15). siselect never traps.
std::optional<std::uint64_t> Vcpu::access_interrupt_file(const CsrInstruction& instruction) {
    constexpr std::uint32_t sireg = 0x151, stopei = 0x15c;
    constexpr std::uint64_t first_priority = 0x30, last_priority = 0x3f;
    const bool top = instruction.csr == stopei;
    if ((!top && instruction.csr != sireg) || !machine_.interrupts().aia() || !cpu_.was_supervisor())
        return {};
    const std::uint64_t selected = top ? 0 : read(abi::VcpuRegister::Vsiselect);
    if (selected >= first_priority && selected <= last_priority)
        return selected % 2 == 0 ? std::optional{std::uint64_t{0}} : std::nullopt;
    const sdk::Guard guard{machine_.lock()};
    devices::Imsic* const file = machine_.interrupts().modelled_file(id_);
    if (!file)
        return {};
    const auto old = top ? file->top() : file->read_register(selected);
    if (!old || !instruction.writes())
        return old;
    const std::uint64_t operand = instruction.immediate() ? instruction.source : cpu_.registers().x[instruction.source];
    if (top)
        file->claim(); // whatever is written
    else
        file->write_register(selected, instruction.written(*old, operand));
    return old;
}

}
