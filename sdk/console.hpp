// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

namespace sdk::console {

// The program's console at the console service, if it has been given one. One thread at a time reads; any may write.

/// Before anything else of this; whether there is one.
bool open();
bool is_open();
/// Writes all, waiting for room if need be; less if for a second nobody has taken anything. How much.
std::size_t write(std::span<const std::byte> bytes);
/// Takes what has been typed, as much as fits; how much.
std::size_t read(std::span<std::byte> to);
/// Has the program's event raised (channel_bits::console) when there is more to read; whether there is already.
bool arm();

}
