// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>
#include <vector>

/// The manifest as the bundle holds it: a device tree (docs/bundle.md). The host's tool has checked the text that it
/// was made of, but a bundle may come from anywhere.
namespace bundle_manifest {

struct Machine {
    std::string_view name, monitor, image, arguments; ///< image: a member of the bundle, empty for none
    static constexpr std::size_t device_limit = 4;
    std::array<std::string_view, device_limit> devices{}; ///< nodes of the host's device tree
    std::size_t device_count = 0;
    std::uint64_t cpus = 0, memory = 0, heap = 0, quota = 0, priority = 0, harts = 0;
};

struct Manifest {
    std::string_view file; ///< what its author called it
    std::vector<Machine> machines;
};

/// What is wrong, and where: for a line that a person can act on.
struct Error {
    std::string_view node, property; ///< may be empty
    const char* what;
};

/// Reads a blob; the result's strings lie in it.
std::expected<Manifest, Error> read(std::span<const std::byte> blob);

}
