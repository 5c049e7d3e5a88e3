// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/cache.hpp"
#include "cli/manifest.hpp"

/// The project that this tool was built in, and what its verbs share.

/// Where things are: this program is build/host/cli/sundew of the project.
struct Project {
    std::filesystem::path root = std::filesystem::canonical("/proc/self/exe").parent_path() / "../../..";
    std::filesystem::path target = std::filesystem::weakly_canonical(root / "build/target");
    manifest::Folders folders{target / "bin", target / "images", cache_folder() / "debian"};
};

/// Makes what machines boot from, those that are missing: for the default machine, unless others are named.
int fetch_artefacts(const std::vector<std::string>& names, bool anew = false);

/// The manifest, or its complaints on stderr.
std::optional<manifest::Manifest> read_manifest(const std::filesystem::path& file, bool fetch = true);

/// Bytes as a file that only this process and what it starts or becomes can see, by its path.
std::filesystem::path memory_file(const std::vector<char>& bytes);

/// RAM that a host needs for these machines and what they come in, with some to spare.
std::uint64_t memory_for(const manifest::Manifest& manifest, std::uint64_t bundle_bytes);
