// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "sdk/virtual_cpu.hpp"

/// A virtual CPU's registers by GDB's numbers (monitors/gdb/registers.hpp).
namespace machine::debug_registers {

/// Where x0 to x31 and pc are while the guest does not run; null for all others.
std::uint64_t* general(sdk::VirtualCpu& cpu, unsigned number);

// All others. Only on the vCPU's own thread.

std::optional<std::uint64_t> read(sdk::VirtualCpu& cpu, unsigned number);
bool write(sdk::VirtualCpu& cpu, unsigned number, std::uint64_t value);
bool read_vector(sdk::VirtualCpu& cpu, unsigned number, std::span<std::byte> to);
bool write_vector(sdk::VirtualCpu& cpu, unsigned number, std::span<const std::byte> from);

}
