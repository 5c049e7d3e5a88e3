// SPDX-License-Identifier: Apache-2.0
#include "nucleus/pool.hpp"

#include <cstring>

Pool::Pool(std::span<std::byte> memory, HostPhysical physical)
    : memory_{memory}, physical_{physical},
      descriptors_{reinterpret_cast<Descriptor*>(memory.data()), memory.size() / page_bytes} {
    const std::uint64_t taken = pages_for(descriptors_.size_bytes());
    std::memset(descriptors_.data(), 0, descriptors_.size_bytes());
    for (std::uint64_t page = 0; page < taken; ++page)
        descriptors_[page].count = 1;
    lowest_ = static_cast<std::uint32_t>(taken);
    count_ = descriptors_.size() - taken;
}

/// A free page from below; four of them from above, so that single pages do not break the fours apart.
std::uint32_t Pool::find(unsigned count) {
    if (count == 1) {
        while (lowest_ < descriptors_.size() && descriptors_[lowest_].count != 0)
            lowest_ += descriptors_[lowest_].count;
        return lowest_ < descriptors_.size() ? lowest_ : 0;
    }
    for (std::size_t page = descriptors_.size() & ~std::size_t{3}; page >= 4; page -= 4)
        if (descriptors_[page - 4].count == 0 && descriptors_[page - 3].count == 0 &&
            descriptors_[page - 2].count == 0 && descriptors_[page - 1].count == 0)
            return static_cast<std::uint32_t>(page - 4);
    return 0;
}

void* Pool::allocate(Account& account, abi::Kind kind, unsigned count) {
    if (account.payer->left < count)
        return nullptr;
    const std::uint32_t page = find(count);
    if (page == 0)
        return nullptr;
    account.payer->left -= count;
    for (unsigned more = 1; more < count; ++more)
        descriptors_[page + more].count = 1;
    descriptors_[page] = {++serials_, account.first, kind, static_cast<std::uint8_t>(count)};
    account.first = page;
    std::memset(address(page), 0, count * page_bytes);
    return address(page);
}

void Pool::give_back(Account& account, std::uint32_t page) {
    Descriptor& descriptor = descriptors_[page];
    const unsigned count = descriptor.count;
    descriptor.serial = 0;
    account.payer->left += count;
    for (unsigned each = 0; each < count; ++each)
        descriptors_[page + each].count = 0;
    if (page < lowest_)
        lowest_ = page;
}

void Pool::release(Account& account, void* object) {
    const auto page = static_cast<std::uint32_t>(index(object));
    std::uint32_t* link = &account.first;
    while (*link != page)
        link = &descriptors_[*link].next;
    *link = descriptors_[page].next;
    give_back(account, page);
}

bool Pool::release_all(Account& account, unsigned limit) {
    for (; account.first != 0 && limit != 0; --limit) {
        const std::uint32_t page = account.first;
        account.first = descriptors_[page].next;
        give_back(account, page);
    }
    return account.first == 0;
}
