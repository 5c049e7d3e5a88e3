// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace sdk {

/// Runs before anything else. The manager, which nobody prepares anything for, has one of its own.
void prepare();
/// The name before each line of the log, and the memory that the heap has.
void set_up(const char* name, std::byte* heap, std::size_t heap_bytes);

}
