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
#include "sdk/startup.hpp"

namespace machine {

/// The machine's disks: devices of the host, and files of the bundle in RAM.
class Storage {
  public:
    struct Entry {
        std::unique_ptr<devices::Disk> disk;
        std::string_view serial;
    };

    /// Opens all that the manifest names. Host disks raise bits of `event`, one each, from `first_bit` on.
    Storage(const devices::GuestRam& ram, const sdk::Event& event, std::uint64_t first_bit);
    /// In the manifest's order.
    std::vector<Entry>& disks() { return disks_; }
    /// Passes on what host disks have finished, by the event's bits.
    void interrupt(std::uint64_t signals);

  private:
    std::unique_ptr<devices::Disk> open_host_disk(std::uint64_t index, const devices::GuestRam& ram,
                                                  const sdk::Event& event);
    std::unique_ptr<devices::Disk> open_file(const sdk::Startup::File& file, const devices::GuestRam& ram);

    struct HostEntry {
        std::uint64_t bit;
        HostDisk* disk;
    };
    std::uint64_t first_bit_;
    std::deque<sdk::Device> devices_; ///< what follows refers to them
    std::vector<sdk::Mapping> mappings_;
    std::vector<Entry> disks_;
    std::vector<HostEntry> hosts_;
};

}
