// SPDX-License-Identifier: Apache-2.0
#include "monitors/gdb/breakpoints.hpp"

#include <algorithm>

namespace gdb {

bool Breakpoints::at(GuestPhysical place) const {
    return std::ranges::find(entries_, place, &Entry::place) != entries_.end();
}

bool Breakpoints::insert(GuestVirtual address, GuestPhysical place, bool temporary) {
    const auto same = [&](const Entry& each) { return each.address == address && each.temporary == temporary; };
    if (std::ranges::any_of(entries_, same))
        return true;
    Entry entry{address, place, {}, temporary};
    // Reads what is under a breakpoint that is there already by another address.
    if (place.value % ebreak.size() != 0 || entries_.size() == limit || !read(place, entry.original) ||
        !target_.write_memory(place, ebreak))
        return false;
    entries_.push_back(entry);
    target_.code_changed();
    return true;
}

/// Puts back what was there, but not where the guest has put something else since, such as another page's contents.
void Breakpoints::lift(const Entry& entry) const {
    Code now{};
    if (at(entry.place) || !target_.read_memory(entry.place, now) || now != ebreak)
        return;
    (void)target_.write_memory(entry.place, entry.original);
    target_.code_changed();
}

void Breakpoints::remove_if(auto condition) {
    for (std::size_t i = 0; i < entries_.size();)
        if (condition(entries_[i])) {
            const Entry entry = entries_[i];
            entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(i));
            lift(entry);
        } else {
            ++i;
        }
}

void Breakpoints::remove(GuestVirtual address) {
    remove_if([&](const Entry& each) { return each.address == address && !each.temporary; });
}

void Breakpoints::remove_temporary() {
    remove_if([](const Entry& each) { return each.temporary; });
}

void Breakpoints::remove_all() {
    remove_if([](const Entry&) { return true; });
}

bool Breakpoints::read(GuestPhysical address, std::span<std::byte> to) const {
    if (!target_.read_memory(address, to))
        return false;
    for (const Entry& entry : entries_) {
        Code now{};
        if (!target_.read_memory(entry.place, now) || now != ebreak)
            continue;
        for (std::size_t i = 0; i < now.size(); ++i)
            if (const std::uint64_t offset = entry.place.value + i - address.value; offset < to.size())
                to[offset] = entry.original[i];
    }
    return true;
}

bool Breakpoints::write(GuestPhysical address, std::span<const std::byte> from) {
    std::vector<std::byte> bytes{from.begin(), from.end()};
    const auto for_each_common = [&](auto action) {
        for (Entry& entry : entries_)
            for (std::size_t i = 0; i < ebreak.size(); ++i)
                if (const std::uint64_t offset = entry.place.value + i - address.value; offset < bytes.size())
                    action(entry, i, offset);
    };
    for_each_common([&](Entry&, std::size_t i, std::uint64_t offset) { bytes[offset] = ebreak[i]; });
    if (!target_.write_memory(address, bytes))
        return false;
    for_each_common([&](Entry& entry, std::size_t i, std::uint64_t offset) { entry.original[i] = from[offset]; });
    return true;
}

}
