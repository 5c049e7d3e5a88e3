// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <memory>
#include <string_view>
#include <vector>

#include "devices/guest_ram.hpp"
#include "monitors/machine/host_disk.hpp"
#include "sdk/device.hpp"
#include "sdk/mapping.hpp"

namespace machine {

/// The machine's disks: devices of the host, and files of the bundle in RAM.
class Storage {
  public:
    struct Entry {
        std::unique_ptr<devices::Disk> disk;
        std::string_view serial;
    };

    /// Opens all that the manifest names. Host disks' interrupts raise bits of `event` from `first_bit` on.
    Storage(const devices::GuestRam& ram, HostPhysical ram_physical, const sdk::Event& event, std::uint64_t first_bit);
    std::vector<Entry>& disks() { return disks_; }
    /// Passes on what host disks have finished, by the event's bits.
    void interrupt(std::uint64_t signals);

  private:
    void open_host_disk(std::size_t index, const devices::GuestRam& ram, HostPhysical ram_physical,
                        const sdk::Event& event);

    std::vector<Entry> disks_; ///< in the manifest's order
    struct HostEntry {
        std::uint64_t bit;
        HostDisk* disk;
    };
    std::vector<HostEntry> hosts_;
    std::deque<sdk::Device> devices_; ///< the host disks refer to them
    std::vector<sdk::Mapping> mappings_;
    std::uint64_t first_bit_;
};

}
