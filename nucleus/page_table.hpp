// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "abi/error.hpp"
#include "base/address.hpp"
#include "base/page.hpp"

/// Bits of a page-table entry (norm:sv39_pte).
namespace pte {
inline constexpr std::uint64_t valid = 1, read = 2, write = 4, execute = 8, user = 16, global = 32;
/// Set beforehand: hardware with Svade faults when they are clear, and nobody here reads them.
inline constexpr std::uint64_t accessed_dirty = 64 | 128;
inline constexpr std::uint64_t leaf = read | write | execute;

constexpr HostPhysical physical(std::uint64_t entry) {
    return {(entry >> 10 << page_bits) & ((std::uint64_t{1} << 56) - 1)};
}
constexpr std::uint64_t entry(HostPhysical page, std::uint64_t flags) {
    return page.value >> page_bits << 10 | flags;
}
}

/// Shape of a page table: Sv39 is {3, 9}, Sv39x4 {3, 11}, Sv48x4 {4, 11}.
struct PageTableShape {
    unsigned levels;
    unsigned root_bits;

    /// Addresses that the table can translate are below this.
    constexpr std::uint64_t limit() const { return std::uint64_t{1} << (page_bits + 9 * (levels - 1) + root_bits); }
};

/// Page tables of programs (Sv39), of guests (Sv39x4, Sv48x4) and of the nucleus itself. `Memory` holds the tables:
/// `read(HostPhysical)`, `write(HostPhysical, entry)` and `allocate()`, a zeroed page or nothing. A table page is never
/// given back while the table lives, so a hart that still walks an old path walks our memory.
template <class Memory>
class PageTable {
  public:
    /// One call touches at most this many entries and returns how many pages it has done.
    static constexpr std::uint64_t bound = 512;

    PageTable() = default;
    /// `root` is zeroed, and aligned to its size: 4 KiB, or 16 KiB with 11 bits (norm:hgatp_ppn_op).
    PageTable(HostPhysical root, PageTableShape shape) : root_{root}, shape_{shape} {}

    HostPhysical root() const { return root_; }
    PageTableShape shape() const { return shape_; }

    /// Maps `pages` from `address` on to `physical` and what follows it, in the largest pages that fit. Fails if
    /// something is mapped there, or if no page for a table is to be had, but only if it has done nothing.
    abi::Result<std::uint64_t> map(Memory& memory, std::uint64_t address, HostPhysical physical, std::uint64_t pages,
                                   std::uint64_t flags) {
        std::uint64_t done = 0;
        for (std::uint64_t step = 0; step < bound && done < pages; ++step) {
            const std::uint64_t at = address + done * page_bytes, to = physical.value + done * page_bytes;
            unsigned level = shape_.levels - 1;
            while (level > 0 && (!aligned(at | to, size(level)) || (pages - done) * page_bytes < size(level)))
                --level;
            Place place = walk(memory, at, level, true);
            while (place.found && (place.entry & (pte::valid | pte::leaf)) == pte::valid) // smaller pages were there
                place = walk(memory, at, --level, true);
            if (!place.found || (place.entry & pte::valid) != 0)
                return progress(done, place.found ? abi::Error::AlreadyMapped : abi::Error::OutOfQuota);
            memory.write(place.where, pte::entry({to}, flags | pte::valid | pte::accessed_dirty));
            done += size(level) / page_bytes;
        }
        return done;
    }

    /// Gives `pages` from `address` on other `flags`; 0 unmaps them, and then holes are passed over. Large pages are
    /// split where only a part is meant. Old translations live on until the caller has fenced every hart.
    abi::Result<std::uint64_t> protect(Memory& memory, std::uint64_t address, std::uint64_t pages,
                                       std::uint64_t flags) {
        std::uint64_t done = 0;
        for (std::uint64_t step = 0; step < bound && done < pages; ++step) {
            const std::uint64_t at = address + done * page_bytes;
            const Place place = walk(memory, at, 0, false);
            const std::uint64_t here = size(place.level) / page_bytes;
            const std::uint64_t rest = here - (at / page_bytes & (here - 1));
            if ((place.entry & pte::valid) == 0) {
                if (flags != 0)
                    return progress(done, abi::Error::NotMapped);
                done += std::min(rest, pages - done);
            } else if (rest == here && pages - done >= here) {
                memory.write(
                    place.where,
                    flags == 0 ? 0 : pte::entry(pte::physical(place.entry), flags | pte::valid | pte::accessed_dirty));
                done += here;
            } else if (!split(memory, place)) {
                return progress(done, abi::Error::OutOfQuota);
            }
        }
        return done;
    }

  private:
    struct Place {
        HostPhysical where;
        unsigned level = 0;
        std::uint64_t entry = 0;
        bool found = true; ///< false: a table was missing and could not be made
    };

    static constexpr std::uint64_t size(unsigned level) { return page_bytes << (9 * level); }

    static abi::Result<std::uint64_t> progress(std::uint64_t done, abi::Error error) {
        if (done == 0)
            return std::unexpected{error};
        return done;
    }

    /// The entry for `address` at `level`, or above it where a leaf or (without `create`) a hole ends the walk.
    Place walk(Memory& memory, std::uint64_t address, unsigned level, bool create) const {
        HostPhysical table = root_;
        std::uint64_t indices = (std::uint64_t{1} << shape_.root_bits) - 1, shift = page_bits + 9 * (shape_.levels - 1);
        for (unsigned at = shape_.levels - 1;; --at, shift -= 9, indices = 511) {
            const HostPhysical where{table.value + (address >> shift & indices) * 8};
            std::uint64_t entry = memory.read(where);
            if (at == level || (entry & pte::leaf) != 0)
                return {where, at, entry};
            if ((entry & pte::valid) == 0) {
                if (!create)
                    return {where, at, entry};
                const auto page = memory.allocate();
                if (!page)
                    return {where, at, entry, false};
                entry = pte::entry(*page, pte::valid);
                memory.write(where, entry);
            }
            table = pte::physical(entry);
        }
    }

    /// Puts a table of equal, smaller leaves in place of a leaf. Nothing changes for those who translate meanwhile.
    bool split(Memory& memory, const Place& place) {
        const auto page = memory.allocate();
        if (!page)
            return false;
        const std::uint64_t step = size(place.level - 1);
        for (std::uint64_t i = 0; i < 512; ++i)
            memory.write({page->value + i * 8}, place.entry + pte::entry({i * step}, 0));
        memory.write(place.where, pte::entry(*page, pte::valid));
        return true;
    }

    HostPhysical root_;
    PageTableShape shape_{3, 9};
};
