// SPDX-License-Identifier: Apache-2.0
#include "guests/teaching/page.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "guests/teaching/calls.hpp"

namespace {

constinit std::array<Page, 256> pool{};
constinit std::array<Page*, 256> returned{};
constinit std::size_t never_taken = 0, returned_count = 0;

namespace bit { // of a page table's entry
constexpr std::uint64_t valid = 1, read = 2, write = 4, execute = 8, user = 16, accessed = 64, dirty = 128;
/// Accessed and dirty from the start: hardware may trap where they are not, and nobody asks for them here.
constexpr std::uint64_t code = read | execute | accessed, data = read | write | accessed | dirty;
}
constexpr unsigned levels = 3, index_bits = 9, number_shift = 10;

/// A page table's entry: the number of a page, and what may be done with that.
struct Entry {
    std::uint64_t raw;
    static Entry make(std::uint64_t address, std::uint64_t bits) {
        return {(address >> page_bits << number_shift) | bits | bit::valid};
    }
    bool allows(std::uint64_t bits) const { return (raw & (bits | bit::valid)) == (bits | bit::valid); }
    bool table() const { return allows(0) && (raw & (bit::read | bit::write | bit::execute)) == 0; }
    Page* page() const { return reinterpret_cast<Page*>(raw >> number_shift << page_bits); }
};

Entry* entries(Page* table) {
    return reinterpret_cast<Entry*>(table->bytes);
}

/// The entry of the last level for `address`; makes the tables on the way, if `make`. Nothing if there is none.
Entry* walk(Page* root, std::uint64_t address, bool make) {
    Entry* entry = nullptr;
    for (unsigned level = levels; level-- != 0;) {
        Page* table = root;
        if (entry) {
            if (make && !entry->allows(0)) {
                Page* fresh = take_page();
                if (!fresh)
                    return nullptr;
                *entry = Entry::make(reinterpret_cast<std::uint64_t>(fresh), 0);
            }
            if (!entry->table())
                return nullptr;
            table = entry->page();
        }
        entry = entries(table) + ((address >> (page_bits + level * index_bits)) & ((1 << index_bits) - 1));
    }
    return entry;
}

void free_table(Page* table, unsigned level) {
    for (Entry* entry = entries(table); entry != entries(table + 1); ++entry)
        if (entry->table() && level != 0)
            free_table(entry->page(), level - 1);
        else if (entry->allows(bit::user))
            give_back(entry->page());
    give_back(table);
}

/// Calls `copy(byte of the page, offset, bytes)` for each piece that lies in one page of the process's with `needed`.
bool for_each_piece(Page* root, std::uint64_t address, std::size_t bytes, std::uint64_t needed, auto copy) {
    if (address < user_first || address > user_end || bytes > user_end - address)
        return false;
    for (std::size_t done = 0; done < bytes;) {
        const Entry* entry = walk(root, address + done, false);
        if (!entry || !entry->allows(needed | bit::user))
            return false;
        const std::size_t offset = (address + done) % page_bytes;
        const std::size_t count = std::min(bytes - done, static_cast<std::size_t>(page_bytes) - offset);
        copy(entry->page()->bytes + offset, done, count);
        done += count;
    }
    return true;
}

}

Page* take_page() {
    if (returned_count == 0 && never_taken == pool.size())
        return nullptr;
    Page* page = returned_count != 0 ? returned[--returned_count] : &pool[never_taken++];
    std::memset(page, 0, sizeof *page);
    return page;
}

void give_back(Page* page) {
    returned[returned_count++] = page;
}

std::size_t free_pages() {
    return pool.size() - never_taken + returned_count;
}

/// The first GiB is devices, the third RAM: each one entry, the same in all spaces. The second is the process's.
bool AddressSpace::create() {
    constexpr std::uint64_t devices = 0, ram = 2, gibibyte = 1 << 30;
    root_ = take_page();
    if (!root_)
        return false;
    entries(root_)[devices] = Entry::make(devices * gibibyte, bit::data);
    entries(root_)[ram] = Entry::make(ram * gibibyte, bit::data | bit::code);
    return true;
}

void AddressSpace::destroy() {
    if (root_)
        free_table(root_, levels - 1);
    root_ = nullptr;
}

bool AddressSpace::add_page(std::uint64_t address, Access access, std::span<const std::byte> content) {
    Entry* entry = walk(root_, address, true);
    Page* page = entry ? take_page() : nullptr;
    if (!page)
        return false;
    std::ranges::copy(content.first(std::min(content.size(), sizeof page->bytes)), page->bytes);
    const std::uint64_t bits = bit::user | (access == Access::Code ? bit::code : bit::data);
    *entry = Entry::make(reinterpret_cast<std::uint64_t>(page), bits);
    return true;
}

void AddressSpace::activate() const {
    constexpr std::uint64_t sv39 = std::uint64_t{8} << 60;
    const std::uint64_t satp = root_ ? sv39 | reinterpret_cast<std::uint64_t>(root_) >> page_bits : 0;
    asm volatile("csrw satp, %0\n sfence.vma" ::"r"(satp) : "memory"); // what was cached is another process's
}

bool AddressSpace::read(std::uint64_t address, std::span<std::byte> to) const {
    return for_each_piece(
        root_, address, to.size(), bit::read,
        [&](std::byte* from, std::size_t done, std::size_t count) { std::memcpy(&to[done], from, count); });
}

bool AddressSpace::write(std::uint64_t address, std::span<const std::byte> from) const {
    return for_each_piece(
        root_, address, from.size(), bit::write,
        [&](std::byte* to, std::size_t done, std::size_t count) { std::memcpy(to, &from[done], count); });
}
