// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <expected>
#include <optional>

#include "base/address.hpp"

namespace sdk {

// The guest's virtual memory, as its page tables and its privilege at the last exit have it. Only on the thread that
// resumes the vCPU. Where an address leads nowhere the nucleus skips the instruction and puts the cause, which is not 0
// for a load or a store, into t0 (docs/abi.md).

/// Two bytes that the guest could execute (HLVX.HU).
inline std::optional<std::uint16_t> fetch_guest(GuestVirtual address) {
    register std::uint64_t fault asm("t0") = 0;
    std::uint64_t value;
    asm volatile(".option push\n.option arch, +h\nhlvx.hu %0, (%2)\n.option pop"
                 : "=&r"(value), "+r"(fault)
                 : "r"(address.value)
                 : "memory");
    if (fault != 0)
        return {};
    return static_cast<std::uint16_t>(value);
}

/// Eight bytes that the guest could read (HLV.D), or the cause of the fault.
inline std::expected<std::uint64_t, std::uint64_t> load_guest_or_cause(GuestVirtual address) {
    register std::uint64_t fault asm("t0") = 0;
    std::uint64_t value;
    asm volatile(".option push\n.option arch, +h\nhlv.d %0, (%2)\n.option pop"
                 : "=&r"(value), "+r"(fault)
                 : "r"(address.value)
                 : "memory");
    if (fault != 0)
        return std::unexpected{fault};
    return value;
}
inline std::optional<std::uint64_t> load_guest(GuestVirtual address) {
    const auto loaded = load_guest_or_cause(address);
    return loaded ? std::optional{*loaded} : std::nullopt;
}

/// Eight bytes where the guest could write (HSV.D); whether it could.
inline bool store_guest(GuestVirtual address, std::uint64_t value) {
    register std::uint64_t fault asm("t0") = 0;
    asm volatile(".option push\n.option arch, +h\nhsv.d %1, (%2)\n.option pop"
                 : "+r"(fault)
                 : "r"(value), "r"(address.value)
                 : "memory");
    return fault == 0;
}

}
