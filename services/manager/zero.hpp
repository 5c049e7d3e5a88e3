// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

#include "sdk/handle.hpp"

/// Zeroes pages with cbo.zero, a block of the cache at a time (Zicboz). U-mode may only where senvcfg.CBZE says so,
/// which is a register of whatever guest the hart has loaded; so a guest of a few instructions does it, whose memory
/// they are for that while. `code` is a page for it to run from, `block_bytes` what cbo.zero zeroes. Unsupported if the
/// host cannot; nothing is then promised of the pages. Calls `between` after each slice of 2 MiB.
abi::Result<void> zero_by_blocks(abi::Handle memory, std::uint64_t pages, abi::Handle code, std::uint64_t block_bytes,
                                 const std::function<void()>& between);

/// Whether that is for these pages: worth a guest, and such as its loop can do.
bool worth_zeroing_by_blocks(std::uint64_t pages, std::uint64_t block_bytes);
