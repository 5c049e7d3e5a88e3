// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "monitors/gdb/target.hpp"

namespace gdb {

/// Numbers of registers, chosen as GDB has them inside. A CSR's is `first_csr` and its own.
namespace number {
inline constexpr unsigned pc = 32, first_float = 33, first_csr = 65, privilege = first_csr + 0x1000,
                          first_vector = privilege + 1, end = first_vector + 32;
/// x0 to x31 and pc: what the packets g and G carry.
inline constexpr unsigned general = 33;

constexpr unsigned csr(unsigned which) {
    return first_csr + which;
}
inline constexpr unsigned fflags = csr(0x001), frm = csr(0x002), fcsr = csr(0x003);
inline constexpr unsigned vstart = csr(0x008), vxsat = csr(0x009), vxrm = csr(0x00a), vcsr = csr(0x00f);
inline constexpr unsigned vl = csr(0xc20), vtype = csr(0xc21), vlenb = csr(0xc22);
inline constexpr unsigned sstatus = csr(0x100), sie = csr(0x104), stvec = csr(0x105), scounteren = csr(0x106),
                          senvcfg = csr(0x10a), sscratch = csr(0x140), sepc = csr(0x141), scause = csr(0x142),
                          stval = csr(0x143), sip = csr(0x144), stimecmp = csr(0x14d), satp = csr(0x180);
}

/// How many bytes a register has; nothing if the machine has none of that number.
std::optional<std::size_t> register_bytes(unsigned number, const Features& features);

/// The target description that GDB asks for ("Standard Target Features: RISC-V Features").
std::string describe_registers(const Features& features);

}
