// SPDX-License-Identifier: Apache-2.0
#include "monitors/machine/debug_registers.hpp"

#include <cstring>

#include "base/field.hpp"
#include "monitors/gdb/registers.hpp"
#include "sdk/startup.hpp"
#include "sdk/system_call.hpp"

namespace machine::debug_registers {

namespace {

namespace number = gdb::number;
using abi::VcpuRegister;

/// A register, or a field of it, that VcpuRead and VcpuWrite know.
struct Place {
    std::uint64_t which;
    unsigned shift = 0;
    std::uint64_t mask = ~std::uint64_t{0};
    bool writable = true;
};

constexpr std::uint64_t vector_word(unsigned index) {
    return abi::first_vector_word + index;
}

/// Where a register is kept; nothing if it is none of these.
std::optional<Place> find(unsigned which) {
    constexpr std::uint64_t fcsr_word = abi::first_float_word + 32;
    const auto named = [](VcpuRegister reg) { return Place{static_cast<std::uint64_t>(reg)}; };
    switch (which) {
    case number::fflags: return Place{fcsr_word, 0, 0x1f};
    case number::frm: return Place{fcsr_word, 5, 7};
    case number::fcsr: return Place{fcsr_word, 0, 0xff};
    case number::vstart: return Place{vector_word(0)};
    case number::vtype: return Place{vector_word(1)};
    case number::vl: return Place{vector_word(2)};
    case number::vcsr: return Place{vector_word(3), 0, 7};
    case number::vxsat: return Place{vector_word(3), 0, 1};
    case number::vxrm: return Place{vector_word(3), 1, 3};
    case number::sstatus: return named(VcpuRegister::Vsstatus);
    case number::sie: return named(VcpuRegister::Vsie);
    case number::stvec: return named(VcpuRegister::Vstvec);
    case number::scounteren: return named(VcpuRegister::Scounteren);
    case number::senvcfg: return named(VcpuRegister::Senvcfg);
    case number::sscratch: return named(VcpuRegister::Vsscratch);
    case number::sepc: return named(VcpuRegister::Vsepc);
    case number::scause: return named(VcpuRegister::Vscause);
    case number::stval: return named(VcpuRegister::Vstval);
    case number::stimecmp: return named(VcpuRegister::Vstimecmp);
    case number::satp: return named(VcpuRegister::Vsatp);
    case number::privilege: return named(VcpuRegister::Supervisor);
    // norm:vsip_sz_acc_op: a bit of vsip is the one of hvip above it. The guest's timer, where it has one of its own,
    // is not among them.
    case number::sip: return Place{static_cast<std::uint64_t>(VcpuRegister::Hvip), 1, abi::hvip::all >> 1, false};
    default: break;
    }
    if (which >= number::first_float && which < number::first_csr)
        return Place{abi::first_float_word + which - number::first_float};
    return {};
}

std::optional<std::uint64_t> read_word(sdk::VirtualCpu& cpu, std::uint64_t which) {
    const auto value = cpu.read(static_cast<VcpuRegister>(which));
    return value ? std::optional{*value} : std::nullopt;
}

bool write_word(sdk::VirtualCpu& cpu, std::uint64_t which, std::uint64_t value) {
    return cpu.write(static_cast<VcpuRegister>(which), value).has_value();
}

}

std::uint64_t* general(sdk::VirtualCpu& cpu, unsigned which) {
    if (which == number::pc)
        return &cpu.registers().pc;
    return which < number::pc ? &cpu.registers().x[which] : nullptr;
}

std::optional<std::uint64_t> read(sdk::VirtualCpu& cpu, unsigned which) {
    if (which == number::vlenb)
        return sdk::system_info(abi::SystemFact::VectorBytes);
    const auto place = find(which);
    const auto word = place ? read_word(cpu, place->which) : std::nullopt;
    return word ? std::optional{*word >> place->shift & place->mask} : std::nullopt;
}

bool write(sdk::VirtualCpu& cpu, unsigned which, std::uint64_t value) {
    const auto place = find(which);
    if (!place || !place->writable)
        return false;
    const auto word = read_word(cpu, place->which);
    const std::uint64_t mask = place->mask << place->shift;
    return word && write_word(cpu, place->which, (*word & ~mask) | (value << place->shift & mask));
}

bool read_vector(sdk::VirtualCpu& cpu, unsigned which, std::span<std::byte> to) {
    const std::size_t words = to.size() / 8;
    for (std::size_t i = 0; i < words; ++i) {
        const auto word = read_word(cpu, abi::first_vector_word + abi::vector_csr_words + which * words + i);
        if (!word)
            return false;
        std::memcpy(to.data() + 8 * i, &*word, 8);
    }
    return true;
}

bool write_vector(sdk::VirtualCpu& cpu, unsigned which, std::span<const std::byte> from) {
    const std::size_t words = from.size() / 8;
    for (std::size_t i = 0; i < words; ++i) {
        std::uint64_t word;
        std::memcpy(&word, from.data() + 8 * i, 8);
        if (!write_word(cpu, abi::first_vector_word + abi::vector_csr_words + which * words + i, word))
            return false;
    }
    return true;
}

}
