// SPDX-License-Identifier: Apache-2.0
#include "monitors/machine/virtio_bus.hpp"

#include <algorithm>

#include "base/page.hpp"
#include "monitors/machine/entropy.hpp"
#include "sdk/must.hpp"

namespace machine {

using devices::virtio::Mmio;

std::uint64_t VirtioBus::Placeholder::read(std::uint64_t offset, unsigned width) {
    constexpr std::uint64_t magic = 0x74726976, version = 2;
    if (width != 4)
        return 0;
    return offset == 0 ? magic : offset == 4 ? version : 0;
}

VirtioBus::VirtioBus(const devices::GuestRam& ram, devices::InterruptController& plic, Storage& storage,
                     devices::virtio::ConsoleListener* console)
    : entropy_{ram, *this}, balloon_{ram, *this} {
    const auto plug = [&](std::size_t slot, devices::virtio::Model& model) {
        slots_[slot] = std::make_unique<Mmio>(model, devices::InterruptLine{plic, map::virtio_interrupt(slot)});
    };
    for (Storage::Entry& entry : storage.disks()) {
        disks_.push_back(std::make_unique<devices::virtio::Block>(ram, *entry.disk, entry.serial));
        plug(disks_.size() - 1, *disks_.back());
    }
    if (console) {
        console_.emplace(ram, *console);
        plug(map::console_slot, *console_);
    }
    plug(map::entropy_slot, entropy_);
    plug(map::balloon_slot, balloon_);
}

void VirtioBus::add_to(Bus& bus, const sdk::GuestMemory& memory) {
    for (std::size_t slot = 0; slot < slots_.size(); ++slot) {
        bus.add(map::virtio(slot), slots_[slot] ? static_cast<devices::Device&>(*slots_[slot]) : placeholder_, true);
        if (slots_[slot])
            sdk::must(memory.show(slots_[slot]->page(), map::virtio(slot).first), "a device's registers for the guest");
    }
}

std::bitset<map::virtio_slots> VirtioBus::present() const {
    std::bitset<map::virtio_slots> present;
    for (std::size_t slot = 0; slot < slots_.size(); ++slot)
        present[slot] = slots_[slot] != nullptr;
    return present;
}

std::uint64_t VirtioBus::returned_bytes() const {
    return std::uint64_t{balloon_.actual()} * page_bytes;
}

control::DiskStats VirtioBus::disk_stats() const {
    control::DiskStats sum{};
    for (const auto& disk : disks_) {
        const devices::virtio::Block::Done& done = disk->done();
        sum.read += done.bytes_read;
        sum.written += done.bytes_written;
        sum.reads += done.reads;
        sum.writes += done.writes;
        sum.other_requests += done.others;
    }
    return sum;
}

bool VirtioBus::more_to_do() const {
    for (const auto& slot : slots_)
        if (slot && slot->more_to_do())
            return true;
    return false;
}

bool VirtioBus::poll() {
    bool more = false;
    for (const auto& slot : slots_)
        if (slot && slot->more_to_do())
            more |= slot->poll();
    return more;
}

bool VirtioBus::resetting() {
    bool any = false;
    for (const auto& slot : slots_)
        any |= slot && slot->resetting();
    return any;
}

bool VirtioBus::resetting(const devices::Device& registers) {
    const auto slot =
        std::ranges::find(slots_, &registers, [](const auto& each) -> const devices::Device* { return each.get(); });
    return slot != slots_.end() && (*slot)->resetting();
}

void VirtioBus::reset() {
    constexpr std::uint64_t status = 0x70;
    for (const auto& slot : slots_)
        if (slot)
            slot->write(status, 4, 0);
}

std::size_t VirtioBus::fill(std::span<std::byte> bytes) {
    random_bytes(bytes);
    return bytes.size();
}

}
