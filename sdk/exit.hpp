// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <variant>

#include "abi/error.hpp"
#include "abi/vcpu.hpp"
#include "base/address.hpp"
#include "base/sbi.hpp"

namespace sdk {

/// Bytes of an ecall, which an answer steps over.
inline constexpr std::uint64_t ecall_bytes = 4;

/// The guest's kernel called its firmware (SBI): function a6 of extension a7, with arguments a0 to a5.
struct SbiCall {
    sbi::Extension extension;
    std::uint64_t function;
    abi::Registers& registers;

    std::uint64_t argument(unsigned index) const { return registers.x[10 + index]; }
    void answer(sbi::Error error, std::uint64_t value = 0) const {
        registers.x[11] = value;
        answer_legacy(static_cast<std::uint64_t>(error));
    }
    /// Legacy calls answer with a0 alone.
    void answer_legacy(std::uint64_t value) const {
        registers.x[10] = value;
        registers.pc += ecall_bytes;
    }
};

/// A guest without a kernel made a system call: number a7, arguments a0 to a5.
struct SystemCall {
    std::uint64_t number;
    abi::Registers& registers;

    std::uint64_t argument(unsigned index) const { return registers.x[10 + index]; }
    void answer(std::uint64_t value) const {
        registers.x[10] = value;
        registers.pc += ecall_bytes;
    }
};

/// A load or store of 1, 2, 4 or 8 bytes where there is no memory: a device's register.
struct MmioAccess {
    GuestPhysical address;
    std::uint8_t width;
    bool store;
    std::uint64_t value; ///< what is stored; only the low `width` bytes mean something
    bool sign_extend;
    std::uint8_t register_number; ///< where a load's answer goes
    std::uint8_t instruction_bytes;
    abi::Registers& registers;

    /// Ends the access; `loaded` is what a load gives.
    void answer(std::uint64_t loaded = 0) const {
        if (!store && register_number != 0) {
            const unsigned unused = 64 - 8 * width;
            const std::uint64_t high = loaded << unused;
            registers.x[register_number] =
                sign_extend ? static_cast<std::uint64_t>(static_cast<std::int64_t>(high) >> unused) : high >> unused;
        }
        registers.pc += instruction_bytes;
    }
};

enum class Access : std::uint8_t { Fetch, Load, Store };

/// The guest touched a page that is not there, or not for that. Resumed, it tries again.
struct GuestPageFault {
    GuestPhysical address; ///< of an access by the page-table walk, down to 4 bytes
    Access access;
    bool by_walk; ///< reading or writing the guest's own page table
};

/// An instruction that a hypervisor has to emulate, or else to refuse with an illegal-instruction exception.
struct VirtualInstruction {
    std::uint32_t instruction;
};

/// An exception of a guest without a kernel, or one that its kernel is not to handle.
struct Exception {
    abi::ExitReason cause;
    std::uint64_t value; ///< stval
};

/// Somebody called VirtualCpu::kick.
struct Kicked {};

/// A newer nucleus sent something that this SDK does not know.
struct Unexpected {
    abi::ExitRecord record;
};

/// The vCPU cannot run: its guest has ended.
struct Gone {
    abi::Error error;
};

/// Exits that take some decoding.
using DecodedExit = std::variant<GuestPageFault, VirtualInstruction, Exception, Kicked, Unexpected, Gone>;
using Exit = std::variant<SbiCall, SystemCall, MmioAccess, GuestPageFault, VirtualInstruction, Exception, Kicked,
                          Unexpected, Gone>;
static_assert(std::variant_size_v<Exit> <= 11);

}
