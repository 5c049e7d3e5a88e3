// SPDX-License-Identifier: Apache-2.0
#include "monitors/machine/storage.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/page.hpp"
#include "devices/ram_disk.hpp"
#include "sdk/must.hpp"
#include "sdk/startup.hpp"

namespace machine {

namespace {

/// Where the first byte of a memory is for devices of the host.
HostPhysical physical(abi::Handle memory) {
    return {sdk::must(sdk::call(abi::Call::RangeInfo, memory, 0), "memory of this process") * page_bytes};
}

std::string_view text(const char (&field)[24]) {
    return {field, strnlen(field, sizeof field)};
}

}

Storage::Storage(const devices::GuestRam& ram, const sdk::Event& event, std::uint64_t first_bit)
    : first_bit_{first_bit} {
    const sdk::Startup& startup = sdk::startup();
    std::vector<std::pair<std::uint64_t, Entry>> ordered;
    for (const auto& host : std::span{startup.host_disks}.first(startup.host_disk_count))
        ordered.emplace_back(host.order, Entry{open_host_disk(host.device, ram, event), text(host.serial)});
    for (const sdk::Startup::File& file : startup.files)
        if (file.role == sdk::FileRole::Disk)
            ordered.emplace_back(file.order, Entry{open_file(file, ram), text(file.serial)});
    std::ranges::sort(ordered, {}, [](const auto& each) { return each.first; });
    for (auto& [order, entry] : ordered)
        disks_.push_back(std::move(entry));
}

std::unique_ptr<devices::Disk> Storage::open_file(const sdk::Startup::File& file, const devices::GuestRam& ram) {
    const auto rights = file.writable != 0 ? abi::Rights::Read | abi::Rights::Write : abi::Rights::Read;
    mappings_.push_back(
        sdk::must(sdk::Mapping::create(file.memory, 0, pages_for(file.bytes), rights), "a disk in the bundle"));
    const auto content = mappings_.back().bytes().first(file.bytes);
    if (file.writable != 0)
        return std::make_unique<devices::RamDisk>(ram, content);
    return std::make_unique<devices::RamDisk>(ram, std::span<const std::byte>{content});
}

std::unique_ptr<devices::Disk> Storage::open_host_disk(std::uint64_t index, const devices::GuestRam& ram,
                                                       const sdk::Event& event) {
    devices_.push_back(sdk::must(sdk::Device::open(index), "a disk of the host"));
    const sdk::Device& device = devices_.back();
    static_assert(HostDisk::dma_pages <= sdk::dma_pages);
    mappings_.push_back(sdk::must(sdk::Mapping::create(device.dma(), 0, sdk::dma_pages), "memory for a disk's driver"));
    const DmaRange guest{physical(sdk::granted::guest_memory), ram.range().bytes};
    auto disk = std::make_unique<HostDisk>(
        sdk::must(HostDisk::open(device, mappings_.back().bytes(), physical(device.dma()), ram.range().first, guest),
                  "a disk of the host: QEMU gives one with -device virtio-blk-device and -global "
                  "virtio-mmio.force-legacy=false"));
    const std::uint64_t bit = first_bit_ << hosts_.size();
    sdk::must(device.bind_interrupt(0, event, bit), "a disk's interrupt");
    hosts_.push_back({bit, disk.get()});
    return disk;
}

void Storage::interrupt(std::uint64_t signals) {
    for (const HostEntry& host : hosts_)
        if ((signals & host.bit) != 0)
            host.disk->interrupt();
}

}
