// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <type_traits>

#include "base/address.hpp"
#include "base/page.hpp"

namespace devices {

/// A piece of guest memory, all of it RAM: whoever makes one has checked that.
struct Segment {
    GuestPhysical address;
    std::uint32_t bytes;
};

/// A guest's RAM as devices see it: one range. The guest may change it between two looks, so all is copied, once;
/// nobody gets a pointer into it. Both `base` and `bytes` begin at a multiple of 8 bytes.
class GuestRam {
  public:
    GuestRam(GuestPhysical base, std::span<std::byte> bytes) : base_{base}, bytes_{bytes} {}

    GuestRange range() const { return {base_, bytes_.size()}; }
    bool contains(GuestPhysical address, std::uint64_t bytes) const { return range().contains(address, bytes); }

    /// Copies out of the guest; false, and nothing is done, if not all of it is RAM.
    bool read_bytes(GuestPhysical address, std::span<std::byte> to) const {
        const std::byte* from = find(address, to.size());
        if (from)
            std::memcpy(to.data(), from, to.size());
        return from;
    }
    bool write_bytes(GuestPhysical address, std::span<const std::byte> from) const {
        std::byte* to = find(address, from.size());
        if (to)
            std::memcpy(to, from.data(), from.size());
        return to;
    }
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

    /// A naturally aligned number that other harts write meanwhile, in one access that orders what follows it
    /// (acquire). Nothing if it is not aligned or not in RAM.
    template <class T>
    std::optional<T> load(GuestPhysical address) const {
        std::byte* at = aligned(address.value, sizeof(T)) ? find(address, sizeof(T)) : nullptr;
        if (!at)
            return {};
        return __atomic_load_n(reinterpret_cast<T*>(at), __ATOMIC_ACQUIRE);
    }
    /// The same for writing: other harts that see it see all that was written before (release).
    template <class T>
    bool store(GuestPhysical address, T value) const {
        std::byte* at = aligned(address.value, sizeof(T)) ? find(address, sizeof(T)) : nullptr;
        if (at)
            __atomic_store_n(reinterpret_cast<T*>(at), value, __ATOMIC_RELEASE);
        return at;
    }

  private:
    std::byte* find(GuestPhysical address, std::size_t bytes) const {
        return contains(address, bytes) ? bytes_.data() + (address.value - base_.value) : nullptr;
    }

    GuestPhysical base_;
    std::span<std::byte> bytes_;
};

}
