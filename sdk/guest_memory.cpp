// SPDX-License-Identifier: Apache-2.0
#include "sdk/guest_memory.hpp"

#include <atomic>

#include "base/page.hpp"
#include "sdk/startup.hpp"

namespace sdk {

namespace {

/// Pages of the granted memory that are taken; guests take them in order and the process keeps them.
constinit std::atomic<std::uint64_t> taken_pages{0};

}

abi::Result<GuestMemory> GuestMemory::create(abi::GuestFlags flags) {
    const auto guest = call(abi::Call::GuestCreate, flags);
    if (!guest)
        return std::unexpected{guest.error()};
    return GuestMemory{*guest,
                       (static_cast<std::uint64_t>(flags) & static_cast<std::uint64_t>(abi::GuestFlags::Program)) != 0};
}

abi::Result<GuestMemory> GuestMemory::create(std::uint64_t bytes, GuestPhysical base, abi::GuestFlags flags) {
    auto memory = create(flags);
    if (!memory)
        return memory;
    const std::uint64_t pages = pages_for(bytes);
    const auto part = call(abi::Call::RangeSplit, granted::guest_memory, taken_pages.fetch_add(pages), pages);
    if (!part)
        return std::unexpected{part.error()};
    if (const auto added =
            memory->add(Handle{*part}, base, abi::Rights::Read | abi::Rights::Write | abi::Rights::Execute);
        !added)
        return std::unexpected{added.error()};
    return memory;
}

abi::Result<void> GuestMemory::add(Handle memory, GuestPhysical base, abi::Rights rights) {
    const auto pages = call(abi::Call::RangeInfo, memory.slot(), 1);
    if (!pages)
        return std::unexpected{pages.error()};
    auto mapping = Mapping::create(memory.slot(), 0, *pages);
    if (!mapping)
        return std::unexpected{mapping.error()};
    if (const auto mapped = map(memory.slot(), 0, base, *pages, rights); !mapped)
        return mapped;
    regions_.push_back({{base, *pages * page_bytes}, std::move(*mapping), std::move(memory)});
    return {};
}

abi::Result<void> GuestMemory::map(abi::Handle memory, std::uint64_t first_page, GuestPhysical base,
                                   std::uint64_t pages, abi::Rights rights) const {
    return sdk::map(guest(), memory, first_page, base.value, pages, rights);
}

abi::Result<void> GuestMemory::show_page(const void* page, GuestPhysical at) const {
    const std::uint64_t first = (reinterpret_cast<std::uint64_t>(page) - heap_address) / page_bytes;
    return map(startup().heap, first, at, 1, abi::Rights::Read);
}

abi::Result<void> GuestMemory::protect(GuestPhysical base, std::uint64_t pages, abi::Rights rights) const {
    return sdk::protect(guest(), base.value, pages, rights);
}

std::byte* GuestMemory::find(GuestPhysical address, std::size_t bytes) const {
    for (const Region& region : regions_)
        if (region.range.contains(address, bytes))
            return region.mapping.bytes().subspan(address.value - region.range.first.value, bytes).data();
    return nullptr;
}

bool GuestMemory::read_bytes(GuestPhysical address, std::span<std::byte> to) const {
    const std::byte* from = find(address, to.size());
    if (!from)
        return false;
    std::memcpy(to.data(), from, to.size());
    return true;
}

bool GuestMemory::write_bytes(GuestPhysical address, std::span<const std::byte> from) const {
    std::byte* to = find(address, from.size());
    if (!to)
        return false;
    std::memcpy(to, from.data(), from.size());
    return true;
}

}
