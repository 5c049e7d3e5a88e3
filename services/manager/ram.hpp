// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

/// Which pages of the machine's RAM are free: ranges in ascending order. Knows numbers only.
class Ram {
  public:
    struct Pages {
        std::uint64_t first = 0, count = 0;
        friend bool operator==(const Pages&, const Pages&) = default;
    };

    /// Adds pages that are free; those of an earlier `take`, too.
    void give(Pages pages);
    /// `count` pages in one piece, the first of them a multiple of `alignment`; nothing if there is no such piece.
    std::optional<Pages> take(std::uint64_t count, std::uint64_t alignment = 1);
    std::uint64_t free_pages() const;

  private:
    std::vector<Pages> free_;
};
