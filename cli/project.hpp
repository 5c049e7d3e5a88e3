// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/manifest.hpp"

/// Where things are: this program is build/host/cli/sundew of the project.
struct Project {
    std::filesystem::path root, target;
    manifest::Folders folders;
    Project();
};

/// Makes what machines boot from, those that are missing: for the default machine, unless others are named.
int fetch_artefacts(const std::vector<std::string>& names, bool anew = false);

/// The manifest, or its complaints on stderr. With `fetch`, what it names and is not there is made.
std::optional<manifest::Manifest> read_manifest(const std::filesystem::path& file, bool fetch = true,
                                                std::vector<std::string> others = {});

/// The bundle as a file that only this process and what it starts or becomes can see, by its path.
std::filesystem::path memory_file(const std::vector<char>& bytes);

/// RAM that a host needs for these machines and what they come in, with some to spare.
std::uint64_t memory_for(const manifest::Manifest& manifest, std::uint64_t bundle_bytes);
