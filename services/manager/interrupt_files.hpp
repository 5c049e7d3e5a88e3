// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sdk/handle.hpp"

/// The guest interrupt files of the host's harts (AIA), and which of them are free.
class InterruptFiles {
  public:
    struct File {
        std::uint64_t hart, index;
    };
    /// Takes over what the nucleus left in the handle table.
    InterruptFiles();
    /// A free file of that hart; nothing if there is none.
    std::optional<File> take(std::uint64_t hart);
    void give(File file) { free_[file.hart] |= std::uint64_t{1} << file.index; }
    /// A handle of its page alone.
    abi::Result<sdk::Handle> handle(File file) const;

  private:
    std::vector<std::uint64_t> free_; ///< sets of indices, by hart
};
