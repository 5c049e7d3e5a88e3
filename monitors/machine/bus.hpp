// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
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
        bool virtio; ///< a virtio device: an access may begin work that goes on after it
    };
    /// Windows do not overlap.
    void add(GuestRange range, devices::Device& device, bool virtio = false) {
        windows_.insert(behind(range.first), {range, &device, virtio});
        last_ = {};
    }
    /// The window in which all of an access lies; null if there is none. Who accesses a device is likely to go on with
    /// it, so the last one that was found is tried first.
    const Window* find(GuestPhysical address, std::uint64_t width) {
        if (!last_.range.contains(address, width)) {
            const auto found = behind(address);
            if (found == windows_.begin() || !std::prev(found)->range.contains(address, width))
                return nullptr;
            last_ = *std::prev(found);
        }
        return &last_;
    }

  private:
    /// The first window that begins above `address`.
    std::vector<Window>::iterator behind(GuestPhysical address) {
        return std::ranges::upper_bound(windows_, address, {}, [](const Window& window) { return window.range.first; });
    }

    std::vector<Window> windows_; ///< in ascending order
    Window last_{};
};

}
