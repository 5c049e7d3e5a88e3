// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/page.hpp"

struct alignas(page_bytes) Page {
    std::byte bytes[page_bytes];
};

/// A page of zeros, or nullptr if all are in use.
Page* take_page();
void give_back(Page* page);
std::size_t free_pages();

enum class Access : std::uint8_t { Code, Data }; ///< read and run, or read and write

/// What a process sees: a page table of three levels (privileged manual, "Sv39"). The kernel is in it too, out of the
/// process's reach, so that a trap need not change tables.
class AddressSpace {
  public:
    /// Fails, as add_page does, only for want of pages.
    [[nodiscard]] bool create();
    /// Gives all pages back. It must not be the active one.
    void destroy();
    /// Puts a page at `address`, where none is: the beginning of `content`, and zeros.
    [[nodiscard]] bool add_page(std::uint64_t address, Access access, std::span<const std::byte> content = {});
    /// The hart translates with this table from now on; if there is none, not at all.
    void activate() const;
    /// Copies from or to a process's memory. False, if the process may not do so itself; then a part may be done.
    [[nodiscard]] bool read(std::uint64_t address, std::span<std::byte> to) const;
    [[nodiscard]] bool write(std::uint64_t address, std::span<const std::byte> from) const;

  private:
    Page* root_ = nullptr;
};
