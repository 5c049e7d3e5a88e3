// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bitset>
#include <memory>
#include <optional>

#include "base/control.hpp"
#include "devices/plic.hpp"
#include "devices/virtio/balloon.hpp"
#include "devices/virtio/block.hpp"
#include "devices/virtio/console.hpp"
#include "devices/virtio/entropy.hpp"
#include "devices/virtio/mmio.hpp"
#include "monitors/machine/bus.hpp"
#include "monitors/machine/map.hpp"
#include "monitors/machine/storage.hpp"
#include "sdk/guest_memory.hpp"
#include "sdk/log.hpp"

namespace machine {

/// The virtio devices of a machine, one in each slot, and what they lead to. Slots without a device answer as such,
/// since software made for QEMU looks at all eight.
class VirtioBus final : devices::virtio::EntropySource, devices::virtio::BalloonListener {
  public:
    /// All of them outlive the bus. `console` gets what the guest writes to its console; null: there is none.
    VirtioBus(const devices::GuestRam& ram, devices::InterruptController& plic, Storage& storage,
              devices::virtio::ConsoleListener* console);

    /// Puts the devices on `bus`; and what a load of their registers gives into `memory`, for there to be no exit.
    void add_to(Bus& bus, const sdk::GuestMemory& memory);
    std::bitset<map::virtio_slots> present() const;
    devices::virtio::Console* console() { return console_ ? &*console_ : nullptr; }

    /// What the guest says that it has given back of its memory; and what it has said to be free, all in all.
    std::uint64_t returned_bytes() const;
    std::uint64_t reported_bytes() const { return reported_; }
    control::DiskStats disk_stats() const;

    /// Whether a device is still at work on what one access of the guest's asked for.
    bool more_to_do() const;
    /// Does some more of that; whether there is still more.
    bool poll();
    /// Whether a disk must finish something before a reset of it is over; any disk, or the one with these registers.
    bool resetting();
    bool resetting(const devices::Device& registers);
    /// As after power-on, but for resets that take longer.
    void reset();

  private:
    /// A slot with nothing in it: device 0 ("MMIO Device Register Layout", DeviceID).
    class Placeholder : public devices::Device {
      public:
        std::uint64_t read(std::uint64_t offset, unsigned width) override;
        void write(std::uint64_t, unsigned, std::uint64_t) override {}
    };

    std::size_t fill(std::span<std::byte> bytes) override;
    // Nothing can be done with a guest's pages before it ends: what it gives up stays its own.
    void pages_given_up(GuestRange) override {}
    void pages_taken_back(GuestRange) override {}
    void pages_free(GuestRange range) override { reported_ += range.bytes; }
    void statistic(std::uint16_t, std::uint64_t) override {}

    std::vector<std::unique_ptr<devices::virtio::Block>> disks_;
    std::optional<devices::virtio::Console> console_;
    devices::virtio::Entropy entropy_;
    devices::virtio::Balloon balloon_;
    std::array<std::unique_ptr<devices::virtio::Mmio>, map::virtio_slots> slots_;
    Placeholder placeholder_;
    std::uint64_t reported_ = 0;
};

}
