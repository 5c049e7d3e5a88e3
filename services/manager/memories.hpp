// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sdk/event.hpp"
#include "sdk/handle.hpp"
#include "services/manager/host_devices.hpp"
#include "services/manager/interrupt_files.hpp"
#include "services/manager/ram.hpp"

/// The first pages of one of the ranges of RAM: the manager lives in them.
struct ManagerHeap {
    abi::Handle slot = 0;
    std::uint64_t pages = 0;
};

/// The machine's RAM, as Memory objects and the pages of them that are free.
class Memories {
  public:
    /// Takes over what the nucleus left in the handle table, but for the manager's own heap.
    explicit Memories(ManagerHeap heap);
    Ram& ram() { return ram_; }
    InterruptFiles& files() { return files_; }
    /// All of it, free or not, but for the manager's own heap.
    std::uint64_t pages() const { return pages_; }
    /// A handle of just these pages.
    abi::Result<sdk::Handle> handle(Ram::Pages pages) const;
    /// From now on large memory is zeroed with cbo.zero, whose blocks have that many bytes.
    void zero_by(std::uint64_t block_bytes) { block_bytes_ = block_bytes; }
    /// From now on `fill` lets others run: machines are not to be held up by the start of one. It takes twice as long.
    void be_considerate(bool considerate) {
        considerate_ = considerate;
        slice_began_ = sdk::now();
    }
    /// Zeroes memory and puts `content` at its start.
    abi::Result<void> fill(abi::Handle memory, std::uint64_t pages, std::span<const std::byte> content);

  private:
    struct Range {
        abi::Handle slot;
        Ram::Pages pages;
    };
    bool zero_quickly(abi::Handle memory, std::uint64_t pages);
    void rest();

    std::vector<Range> ranges_;
    Ram ram_;
    InterruptFiles files_;
    std::uint64_t pages_ = 0, block_bytes_ = 0;
    std::optional<sdk::Event> pause_; ///< nobody raises it
    bool considerate_ = false;
    std::uint64_t slice_began_ = 0; ///< ticks
};

/// The first page, or line, of a range that a handle is, or (1) how many it has.
std::uint64_t range_info(abi::Handle slot, std::uint64_t which);
/// Handles for the registers of a device of the host, in whole pages.
abi::Result<sdk::Handle> device_memory(const host_devices::Device& device);
/// And of one of its interrupt lines.
abi::Result<sdk::Handle> device_line(const host_devices::Device& device, std::size_t index);
/// Stops a virtio device, so that it leaves memory alone that it was told of, and ends an interrupt that its last owner
/// did not.
void quiet(const host_devices::Device& device);
