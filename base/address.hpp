// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <optional>

/// A number that points into one address space. Spaces do not mix: a translation is a function.
template <class Space>
struct Address {
    std::uint64_t value = 0;

    friend constexpr auto operator<=>(Address, Address) = default;

    /// The address `bytes` further on; nothing if that wraps. Guests choose both operands.
    constexpr std::optional<Address> plus(std::uint64_t bytes) const {
        const std::uint64_t sum = value + bytes;
        if (sum < value)
            return {};
        return Address{sum};
    }
};

using GuestVirtual = Address<struct GuestVirtualSpace>;
using GuestPhysical = Address<struct GuestPhysicalSpace>;
using HostPhysical = Address<struct HostPhysicalSpace>;
using ProgramVirtual = Address<struct ProgramVirtualSpace>;

/// `bytes` bytes from `first` on. May end at the last byte of the space; an empty range contains nothing.
template <class Space>
struct Range {
    Address<Space> first;
    std::uint64_t bytes = 0;

    friend constexpr bool operator==(Range, Range) = default;

    constexpr bool contains(Address<Space> address) const {
        return address >= first && address.value - first.value < bytes;
    }
    /// Whether all of [address, address + count) lies inside. Overflow-proof; an empty one must still start inside.
    constexpr bool contains(Address<Space> address, std::uint64_t count) const {
        return contains(address) && count <= bytes - (address.value - first.value);
    }
    constexpr bool overlaps(Range other) const {
        return (other.bytes != 0 && contains(other.first)) || (bytes != 0 && other.contains(first));
    }
};

using GuestRange = Range<GuestPhysicalSpace>;
using HostRange = Range<HostPhysicalSpace>;

static_assert(sizeof(GuestPhysical) == 8);
static_assert(!GuestPhysical{~std::uint64_t{0}}.plus(1));
static_assert(GuestPhysical{1}.plus(2) == GuestPhysical{3});
static_assert(GuestRange{{0x1000}, 0x1000}.contains({0x1fff}, 1));
static_assert(!GuestRange{{0x1000}, 0x1000}.contains({0x1fff}, 2));
static_assert(!GuestRange{{0x1000}, 0x1000}.contains({0x1ff8}, ~std::uint64_t{0}));
static_assert(GuestRange{{~std::uint64_t{0} - 0xfff}, 0x1000}.contains({~std::uint64_t{0}}));
static_assert(!GuestRange{{0x1000}, 0}.contains({0x1000}));
static_assert(GuestRange{{0x1000}, 0x1000}.overlaps({{0x1fff}, 1}));
static_assert(!GuestRange{{0x1000}, 0x1000}.overlaps({{0x2000}, 1}));
