// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/manifest.hpp"

/// What the target's manager gets: a newc cpio archive with a device tree of the manifest first (docs/bundle.md).
namespace bundle {

/// An archive that grows member by member. Data begins at a multiple of 4096, so that it can be handed out in pages.
class Archive {
  public:
    void add(std::string name, std::span<const char> data);
    /// An executable file, for Linux; not aligned.
    void add_program(std::string name, std::span<const char> data);
    /// The whole of it, with its trailer.
    std::vector<char> finish();

  private:
    void append(std::string name, std::span<const char> data, bool align, unsigned mode = 0100644);
    std::vector<char> bytes_;
};

/// The manifest as a flattened device tree; `member` names the bundle's member for a file.
std::vector<char> device_tree(const manifest::Manifest& manifest,
                              const std::function<std::string(const std::filesystem::path&)>& member);

/// The bundle of a manifest and all files that it names, each once. Throws std::runtime_error if one cannot be read.
std::vector<char> make(const manifest::Manifest& manifest);

}
