// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "abi/error.hpp"
#include "abi/handle.hpp"

/// What a slot names: an object of the pool, known by its serial, or a range of pages or lines, which is nothing but
/// these numbers.
struct Capability {
    std::uint64_t kind : 8 = 0;
    std::uint64_t rights : 8 = 0;
    std::uint64_t extent : 48 = 0; ///< the object's serial, or the count of pages or lines
    std::uint64_t value = 0;       ///< the object's address, or the first page or line

    Capability() = default;
    Capability(abi::Kind of, abi::Rights with, std::uint64_t what, std::uint64_t how_much)
        : kind{static_cast<std::uint8_t>(of)}, rights{static_cast<std::uint8_t>(with)},
          extent{how_much & 0xffff'ffff'ffff}, value{what} {}
};
static_assert(sizeof(Capability) == 16);

/// The handles of one process: one page.
class HandleTable {
  public:
    abi::Result<abi::Handle> add(const Capability& capability) {
        for (; free_ < slots_.size(); ++free_)
            if (slots_[free_].kind == 0) {
                slots_[free_] = capability;
                return free_;
            }
        return std::unexpected{abi::Error::OutOfHandles};
    }
    void put(abi::Handle handle, const Capability& capability) { slots_[handle] = capability; }

    void close(abi::Handle handle) {
        slots_[handle] = {};
        if (handle < free_)
            free_ = handle;
    }

    abi::Result<Capability> find(abi::Handle handle, abi::Kind kind, abi::Rights needed) const {
        if (handle == 0 || handle >= slots_.size() || slots_[handle].kind == 0 ||
            (kind != abi::Kind::None && slots_[handle].kind != static_cast<std::uint8_t>(kind)))
            return std::unexpected{abi::Error::BadHandle};
        if (!abi::includes(static_cast<abi::Rights>(slots_[handle].rights), needed))
            return std::unexpected{abi::Error::BadRights};
        return slots_[handle];
    }

  private:
    std::array<Capability, abi::handle_slots> slots_;
    std::uint64_t free_ = 1; // no slot below this one is free
};
static_assert(sizeof(HandleTable) <= 4096);
