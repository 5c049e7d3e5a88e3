// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

namespace machine {

/// Fills `to` with random bytes: the C library's generator (ChaCha20), which begins with the seed that the manager gave
/// to this process alone. One caller at a time.
void random_bytes(std::span<std::byte> to);

}
