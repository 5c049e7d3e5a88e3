// SPDX-License-Identifier: Apache-2.0
#include "monitors/gdb/pages.hpp"

#include "base/field.hpp"
#include "base/page.hpp"

namespace gdb {

namespace {

struct Satp : Register<Satp> {
    static constexpr Field<63, 60> mode{};
    static constexpr Field<43, 0> ppn{};
};
constexpr std::uint64_t bare = 0, sv39 = 8, sv57 = 10;

struct Entry : Register<Entry> {
    static constexpr Bit<63> napot{};
    static constexpr Field<53, 10> ppn{};
    static constexpr Field<3, 1> rights{};
    static constexpr Bit<0> valid{};
};

constexpr std::uint64_t index_bits = 9, entry_bytes = 8;
/// The one size that Svnapot has: 16 pages, with this in the low bits of the page number.
constexpr std::uint64_t napot_pages = 16, napot_pattern = 8;

/// Whether all bits above those that are translated are as the highest of them.
bool canonical(std::uint64_t address, std::uint64_t bits) {
    const std::uint64_t above = address >> (bits - 1);
    return above == 0 || above == ~std::uint64_t{0} >> (bits - 1);
}

}

std::optional<GuestPhysical> translate(Target& target, std::uint64_t satp, GuestVirtual address) {
    const Satp root{{satp}};
    const std::uint64_t mode = root.get(Satp::mode);
    if (mode == bare)
        return GuestPhysical{address.value};
    if (mode < sv39 || mode > sv57)
        return {};
    const std::uint64_t levels = mode - sv39 + 3;
    if (!canonical(address.value, page_bits + index_bits * levels))
        return {};
    std::uint64_t table = root.get(Satp::ppn);
    for (std::uint64_t level = levels; level-- > 0;) {
        const std::uint64_t shift = page_bits + index_bits * level;
        const std::uint64_t index = address.value >> shift & ((1 << index_bits) - 1);
        Entry entry;
        if (!target.read_memory({table * page_bytes + index * entry_bytes},
                                std::as_writable_bytes(std::span{&entry.raw, 1})) ||
            !entry.get(Entry::valid))
            return {};
        table = entry.get(Entry::ppn);
        if (entry.get(Entry::rights) == 0)
            continue;
        std::uint64_t pages = std::uint64_t{1} << index_bits * level;
        if (entry.get(Entry::napot)) {
            if (level != 0 || table % napot_pages != napot_pattern)
                return {};
            pages = napot_pages;
            table -= napot_pattern;
        }
        if (table % pages != 0)
            return {};
        return GuestPhysical{table * page_bytes + address.value % (pages * page_bytes)};
    }
    return {};
}

}
