// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sdk/guest_memory.hpp"

namespace sdk {

/// Copies the image that the manifest names to the start of the guest's RAM, which is where it is to be entered.
/// BadArgument if it is larger than that RAM or there is none.
abi::Result<GuestPhysical> load_image(const GuestMemory& memory, GuestPhysical at = GuestMemory::usual_base);

}
