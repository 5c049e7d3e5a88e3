// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sdk/handle.hpp"
#include "sdk/startup.hpp"
#include "services/manager/elf.hpp"
#include "services/manager/host_devices.hpp"
#include "services/manager/host_facts.hpp"
#include "services/manager/manifest.hpp"
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
    /// A handle of just these pages.
    abi::Result<sdk::Handle> handle(Ram::Pages pages) const;
    /// From now on large memory is zeroed with cbo.zero, whose blocks have that many bytes.
    void zero_by(std::uint64_t block_bytes) { block_bytes_ = block_bytes; }
    /// Zeroes memory and puts `content` at its start.
    abi::Result<void> fill(abi::Handle memory, std::uint64_t pages, std::span<const std::byte> content);

  private:
    struct Range {
        abi::Handle slot;
        Ram::Pages pages;
    };
    bool zero_quickly(abi::Handle memory, std::uint64_t pages);

    std::vector<Range> ranges_;
    Ram ram_;
    std::uint64_t block_bytes_ = 0;
};

/// Handles for the registers of a device of the host, in whole pages.
abi::Result<sdk::Handle> device_memory(const host_devices::Device& device);

/// What a machine of the manifest needs, checked and found in the bundle.
struct Plan {
    bundle_manifest::Machine machine;
    elf::Program program;
    std::uint64_t image_page = 0, image_bytes = 0; ///< in the bundle
    /// A member of the bundle that the monitor gets, and what it is told of it.
    struct File {
        std::uint64_t page; ///< in the bundle
        sdk::Startup::File told;
    };
    std::vector<File> files;
    std::vector<sdk::Startup::HostDisk> host_disks;
    std::vector<host_devices::Device> devices; ///< those that host disks and the terminal are among them
    std::uint64_t terminal = 0;                ///< as in sdk::Startup
    std::uint64_t pages() const;               ///< of RAM, in all
};

/// The host, as far as monitors are told of it.
struct Host {
    HostFacts facts;
    std::uint64_t epoch_nanoseconds = 0; ///< of tick 0, since 1970 began; 0: it has no clock
};

/// A running monitor and all that was given to it. Everything comes back when it is destroyed.
class Machine {
  public:
    /// Builds and starts the process; `bits` of `event` are raised when it ends.
    static abi::Result<Machine> start(const Plan& plan, const Host& host, Memories& memories, abi::Handle event,
                                      std::uint64_t bits);
    Machine(Machine&&) noexcept = default;
    Machine& operator=(Machine&&) noexcept = default;

    const std::string& name() const { return name_; }
    abi::Handle process() const { return process_.slot(); }
    /// Ends the process, if it has not, and takes back its memory.
    void reclaim(Memories& memories);

  private:
    Machine() = default;
    abi::Result<void> map_new(Memories& memories, std::uint64_t address, std::uint64_t bytes, abi::Rights rights,
                              std::span<const std::byte> content);
    abi::Result<void> grant(abi::Handle expected, sdk::Handle handle, abi::Rights rights);
    abi::Result<void> grant_device(const host_devices::Device& device, Memories& memories, sdk::Startup::Device& told);
    abi::Result<void> grant_file(const Plan::File& file, Memories& memories, sdk::Startup::File& told);
    abi::Result<void> grant_all(const Plan& plan, Memories& memories, sdk::Startup& startup);
    abi::Result<sdk::Handle> take(Memories& memories, std::uint64_t pages, std::uint64_t alignment,
                                  std::span<const std::byte> content);
    abi::Result<void> build(const Plan& plan, const Host& host, Memories& memories);

    std::string name_;
    std::vector<Ram::Pages> pages_;
    sdk::Object process_;
};
