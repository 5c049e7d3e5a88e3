// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/address.hpp"
#include "monitors/gdb/target.hpp"

namespace gdb {

/// The breakpoints that lie in a guest's memory: c.ebreak, two bytes that never cross a page. Nobody who reads memory
/// through here sees them.
class Breakpoints {
  public:
    explicit Breakpoints(Target& target) : target_{target} {}

    /// `address` is that by which the debugger knows it; it lies at `place`. False if there is no RAM, or are too many.
    bool insert(GuestVirtual address, GuestPhysical place, bool temporary = false);
    /// Removing what is not there is no mistake.
    void remove(GuestVirtual address);
    void remove_temporary();
    void remove_all();
    /// Forgets them: memory has other contents now.
    void forget() { entries_.clear(); }
    bool at(GuestPhysical place) const;
    bool any() const { return !entries_.empty(); }

    bool read(GuestPhysical address, std::span<std::byte> to) const;
    bool write(GuestPhysical address, std::span<const std::byte> from);

  private:
    static constexpr std::size_t limit = 128;
    using Code = std::array<std::byte, 2>;
    static constexpr Code ebreak{std::byte{0x02}, std::byte{0x90}}; ///< C.EBREAK

    struct Entry {
        GuestVirtual address;
        GuestPhysical place;
        Code original;
        bool temporary;
    };
    void lift(const Entry& entry) const;
    void remove_if(auto condition);

    Target& target_;
    std::vector<Entry> entries_;
};

}
