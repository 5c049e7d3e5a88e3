// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "base/address.hpp"
#include "devices/device.hpp"

namespace machine {

/// Which device answers which guest-physical addresses.
class Bus {
  public:
    struct Window {
        GuestRange range;
        devices::Device* device;
    };
    /// Windows do not overlap; those that are used most come first.
    void add(GuestRange range, devices::Device& device) { windows_.push_back({range, &device}); }
    /// The window in which all of an access lies; null if there is none.
    const Window* find(GuestPhysical address, std::uint64_t width) const {
        for (const Window& window : windows_)
            if (window.range.contains(address, width))
                return &window;
        return nullptr;
    }

  private:
    std::vector<Window> windows_;
};

}
