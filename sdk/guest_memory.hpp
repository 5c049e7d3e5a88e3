// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

#include "abi/vcpu.hpp"
#include "base/address.hpp"
#include "base/page.hpp"
#include "sdk/handle.hpp"
#include "sdk/mapping.hpp"

namespace sdk {

/// A guest's address space, and what the monitor sees of it. Guest memory is read by copy, once: the guest may change
/// it between two looks. Every access is checked against the regions; nothing hands out a pointer into them.
class GuestMemory {
  public:
    static constexpr GuestPhysical usual_base{0x8000'0000};

    /// A guest with `bytes` of RAM from `base` on, out of the memory that the manager granted; whole pages.
    static abi::Result<GuestMemory> create(std::uint64_t bytes, GuestPhysical base = usual_base,
                                           abi::GuestFlags flags = abi::GuestFlags::None);
    /// A guest with nothing mapped yet.
    static abi::Result<GuestMemory> create(abi::GuestFlags flags);

    /// Maps all pages of `memory` at `base`, for the guest with `rights` and for the monitor to read and write.
    abi::Result<void> add(Handle memory, GuestPhysical base, abi::Rights rights);
    /// Maps, for the guest alone, pages of any Memory object: shared or read-only images, devices.
    abi::Result<void> map(abi::Handle memory, std::uint64_t first_page, GuestPhysical base, std::uint64_t pages,
                          abi::Rights rights) const;
    /// Lets the guest read an object of this process's heap, which the caller keeps for as long as the guest lives. It
    /// is a page by itself, so that the guest sees nothing else.
    template <class Page>
    abi::Result<void> show(const Page& page, GuestPhysical at) const {
        static_assert(sizeof(Page) == page_bytes && alignof(Page) == page_bytes);
        return show_page(&page, at);
    }
    /// Gives pages of the guest other rights; None takes them away. When it returns no vCPU uses the old ones.
    abi::Result<void> protect(GuestPhysical base, std::uint64_t pages, abi::Rights rights) const;

    template <class T>
    std::optional<T> read(GuestPhysical address) const {
        static_assert(std::is_trivially_copyable_v<T>);
        T value;
        if (!read_bytes(address, std::as_writable_bytes(std::span{&value, 1})))
            return {};
        return value;
    }
    template <class T>
    bool write(GuestPhysical address, const T& value) const {
        static_assert(std::is_trivially_copyable_v<T>);
        return write_bytes(address, std::as_bytes(std::span{&value, 1}));
    }
    /// Copies out of the guest; false, and nothing is done, if not all of it lies in one region.
    bool read_bytes(GuestPhysical address, std::span<std::byte> to) const;
    bool write_bytes(GuestPhysical address, std::span<const std::byte> from) const;

    /// Whether an address is in a region, mapped or not: a fault there is not a device's.
    bool contains(GuestPhysical address) const {
        return std::ranges::any_of(regions_, [&](const Region& region) { return region.range.contains(address); });
    }
    /// All of the first region as this process sees it, for those who check addresses themselves.
    std::span<std::byte> region_bytes() const { return regions_.front().mapping.bytes(); }
    abi::Handle guest() const { return guest_.slot(); }
    /// Whether the guest is a program without a kernel.
    bool program() const { return program_; }

  private:
    struct Region {
        GuestRange range;
        Mapping mapping;
        Handle memory;
    };
    GuestMemory(abi::Handle guest, bool program) : guest_{guest}, program_{program} {}
    std::byte* find(GuestPhysical address, std::size_t bytes) const;
    abi::Result<void> show_page(const void* page, GuestPhysical at) const;

    std::vector<Region> regions_; // unmapped from the monitor after the guest has ended
    Object guest_;
    bool program_;
};

}
