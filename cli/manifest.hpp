// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <string>
#include <vector>

/// The manifest as people write it: TOML, checked.
namespace manifest {

struct Machine {
    std::string name;
    std::filesystem::path monitor, image; ///< files that are there; image may be empty
    std::string arguments;
    std::uint64_t cpus = 1, memory = 2 << 20, heap = 256 << 10, quota = 64, priority = 100;
    std::uint64_t harts = ~std::uint64_t{0}; ///< a set of hart numbers
    std::vector<std::string> devices;        ///< names of nodes in the host's device tree
};

struct Manifest {
    std::string file;
    std::vector<Machine> machines;
    std::uint64_t bench_harts = 1; ///< of the host that `sundew bench` runs this on
};

/// A line for a person: "FILE:LINE:COLUMN: what is wrong; what to do".
using Complaints = std::vector<std::string>;

/// Where bare names of programs and images are looked for.
struct Folders {
    std::filesystem::path programs, images;
};

/// Reads and checks `file`; every mistake in it is told, not only the first.
std::expected<Manifest, Complaints> read(const std::filesystem::path& file, const Folders& folders);
/// The same of a text, which complaints and relative paths take for `file`.
std::expected<Manifest, Complaints> parse(std::string_view text, const std::filesystem::path& file,
                                          const Folders& folders);

/// The keys of a `[[vm]]` table, for people: a line each.
std::string describe_keys();

}
