// SPDX-License-Identifier: Apache-2.0
#include "services/manager/ram.hpp"

#include <algorithm>

void Ram::give(Pages pages) {
    if (pages.count == 0)
        return;
    auto next = std::ranges::lower_bound(free_, pages.first, {}, &Pages::first);
    if (next != free_.end() && pages.first + pages.count == next->first) {
        pages.count += next->count;
        next = free_.erase(next);
    }
    if (next != free_.begin() && (next - 1)->first + (next - 1)->count == pages.first)
        (next - 1)->count += pages.count;
    else
        free_.insert(next, pages);
}

std::optional<Ram::Pages> Ram::take(std::uint64_t count, std::uint64_t alignment) {
    for (auto range = free_.begin(); range != free_.end(); ++range) {
        const std::uint64_t first = (range->first + alignment - 1) & ~(alignment - 1);
        const std::uint64_t skipped = first - range->first;
        if (skipped > range->count || range->count - skipped < count)
            continue;
        const Pages before{range->first, skipped}, after{first + count, range->count - skipped - count};
        free_.erase(range);
        give(before);
        give(after);
        return Pages{first, count};
    }
    return {};
}

std::uint64_t Ram::free_pages() const {
    std::uint64_t sum = 0;
    for (const Pages& range : free_)
        sum += range.count;
    return sum;
}
