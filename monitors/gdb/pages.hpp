// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "base/address.hpp"
#include "monitors/gdb/target.hpp"

namespace gdb {

/// Where satp's page tables, which lie in the guest's memory, lead (privileged manual, "Sv32: Virtual Address
/// Translation Process" and what Sv39, Sv48, Sv57 and Svnapot say of it). Rights do not matter: a debugger may look at
/// everything. Nothing if the address leads nowhere.
std::optional<GuestPhysical> translate(Target& target, std::uint64_t satp, GuestVirtual address);

}
