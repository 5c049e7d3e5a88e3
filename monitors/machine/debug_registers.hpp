// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "sdk/virtual_cpu.hpp"

/// A virtual CPU's registers by GDB's numbers (monitors/gdb/registers.hpp). Only on the vCPU's own thread.
namespace machine::debug_registers {

std::optional<std::uint64_t> read(sdk::VirtualCpu& cpu, unsigned number);
bool write(sdk::VirtualCpu& cpu, unsigned number, std::uint64_t value);
bool read_vector(sdk::VirtualCpu& cpu, unsigned number, std::span<std::byte> to);
bool write_vector(sdk::VirtualCpu& cpu, unsigned number, std::span<const std::byte> from);

}
