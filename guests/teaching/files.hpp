// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "guests/teaching/calls.hpp"

/// The disk is a tar archive (POSIX.1, "ustar Interchange Format"): files one behind another, each with a header before
/// it. That is a file system which any computer can make and look into.
namespace files {

/// The file of that number, counted from 0.
std::optional<FileInfo> list(std::uint64_t index);
/// Copies from `offset` to `to`, at most to the next multiple of 512; how many bytes. Nothing, if there is no such
/// file.
std::optional<std::size_t> read(std::string_view name, std::uint64_t offset, std::span<std::byte> to);
/// Makes a file or replaces it. False, if the disk has no room for it or fails.
[[nodiscard]] bool write(std::string_view name, std::string_view content);

}
