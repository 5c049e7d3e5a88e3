// SPDX-License-Identifier: Apache-2.0
#include "monitors/machine/entropy.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "sdk/startup.hpp"

namespace {

std::size_t seed_taken = sizeof(std::uintptr_t); // the first word guards stack frames

}

extern "C" {

/// Where the C library's generator gets its seed, of which it wants 40 bytes at its start and from time to time anew.
/// The manager gives more than that once; later calls add nothing, and need not: the state that they are mixed into
/// stays.
int getentropy(void* to, std::size_t bytes) {
    const auto& seed = sdk::startup().seed;
    const std::size_t count = std::min(bytes, sizeof seed - seed_taken);
    std::memset(to, 0, bytes);
    std::memcpy(to, seed + seed_taken, count);
    seed_taken += count;
    return 0;
}
}

namespace machine {

void random_bytes(std::span<std::byte> to) {
    arc4random_buf(to.data(), to.size());
}

}
