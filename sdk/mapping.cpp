// SPDX-License-Identifier: Apache-2.0
#include "sdk/mapping.hpp"

#include <algorithm>
#include <vector>

#include "base/page.hpp"
#include "sdk/mutex.hpp"
#include "sdk/startup.hpp"

namespace sdk {

namespace {

struct Reserved {
    std::uint64_t first, end;
};

/// Addresses of one kind, lowest first. Small and large mappings do not mix: where a small one was, its table stays,
/// and no large page would fit again.
struct Area {
    std::uint64_t first, alignment;
    std::vector<Reserved> reserved; // in ascending order
};
constexpr std::uint64_t large_page = 2 << 20;

constinit Mutex area_mutex;
constinit Area small_area{mappings_address, page_bytes, {}}, large_area{large_mappings_address, large_page, {}};

Area& area_for(std::uint64_t bytes) {
    return bytes < large_page ? small_area : large_area;
}

/// Calls `step` with (pages done, pages left) until all are done.
abi::Result<void> in_steps(std::uint64_t pages, auto step) {
    for (std::uint64_t done = 0; done < pages;) {
        const auto more = step(done, pages - done);
        if (!more)
            return std::unexpected{more.error()};
        done += *more;
    }
    return {};
}

}

abi::Result<void> map(abi::Handle space, abi::Handle memory, std::uint64_t first_page, std::uint64_t address,
                      std::uint64_t pages, abi::Rights rights) {
    return in_steps(pages, [&](std::uint64_t done, std::uint64_t left) {
        return call(abi::Call::Map, space, memory, first_page + done, address + done * page_bytes, left, rights);
    });
}

abi::Result<void> protect(abi::Handle space, std::uint64_t address, std::uint64_t pages, abi::Rights rights) {
    return in_steps(pages, [&](std::uint64_t done, std::uint64_t left) {
        return call(abi::Call::Protect, space, address + done * page_bytes, left, rights);
    });
}

Reservation::Reservation(std::uint64_t bytes) {
    const Guard guard{area_mutex};
    Area& area = area_for(bytes);
    std::uint64_t at = area.first;
    auto place = area.reserved.begin();
    while (place != area.reserved.end() && place->first - at < bytes) {
        at = (place->end + area.alignment - 1) & ~(area.alignment - 1);
        ++place;
    }
    area.reserved.insert(place, {at, at + bytes});
    address_ = at;
    bytes_ = bytes;
}

Reservation::Reservation(Reservation&& other) noexcept
    : address_{std::exchange(other.address_, 0)}, bytes_{std::exchange(other.bytes_, 0)} {}

Reservation& Reservation::operator=(Reservation&& other) noexcept {
    std::swap(address_, other.address_);
    std::swap(bytes_, other.bytes_);
    return *this;
}

Reservation::~Reservation() {
    if (address_ == 0)
        return;
    const Guard guard{area_mutex};
    std::erase_if(area_for(bytes_).reserved, [&](const Reserved& each) { return each.first == address_; });
}

abi::Result<Mapping> Mapping::create(abi::Handle memory, std::uint64_t first_page, std::uint64_t pages,
                                     abi::Rights rights) {
    Reservation reservation{pages * page_bytes};
    const std::uint64_t address = reservation.address();
    if (const auto mapped = map(abi::own_process, memory, first_page, address, pages, rights); !mapped) {
        (void)protect(abi::own_process, address, pages, abi::Rights::None);
        return std::unexpected{mapped.error()};
    }
    return Mapping{std::move(reservation), {reinterpret_cast<std::byte*>(address), pages * page_bytes}};
}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
    std::swap(reservation_, other.reservation_);
    std::swap(bytes_, other.bytes_);
    return *this;
}

Mapping::~Mapping() {
    if (!bytes_.empty())
        (void)protect(abi::own_process, reservation_.address(), bytes_.size() / page_bytes, abi::Rights::None);
}

}
