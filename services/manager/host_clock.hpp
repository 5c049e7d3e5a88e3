// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "services/manager/host_devices.hpp"

/// Nanoseconds from the beginning of 1970 to the host's tick 0, by its real-time clock (Goldfish); 0 if it has none.
std::uint64_t read_host_clock(std::span<const host_devices::Device> devices);
