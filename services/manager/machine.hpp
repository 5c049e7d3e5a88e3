// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sdk/startup.hpp"
#include "services/manager/elf.hpp"
#include "services/manager/host_devices.hpp"
#include "services/manager/host_facts.hpp"
#include "services/manager/manifest.hpp"
#include "services/manager/memories.hpp"

/// What a machine of the manifest needs, checked and found in the bundle.
struct Plan {
    abi::Handle bundle = 0; ///< Memory; the plan's strings and spans lie in it
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
    std::vector<host_devices::Device> devices; ///< those that host disks are among them
    std::uint64_t dma_pages = sdk::dma_pages;  ///< for each of them that is virtio's
    std::uint64_t pages() const;               ///< of RAM, in all
};

/// What ties a program to the services (sdk/channel.hpp). Handles are the manager's.
struct Wiring {
    struct Channel {
        abi::Handle memory = 0, event = 0; ///< the event wakes the service; no memory: no such channel
        std::uint64_t bits = 0;
    } manager, console, debug;
    abi::Handle event = 0; ///< of the program; 0: it gets none
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
    static abi::Result<Machine> start(const Plan& plan, const Host& host, const Wiring& wiring, Memories& memories,
                                      abi::Handle event, std::uint64_t bits);
    Machine(Machine&&) noexcept = default;
    Machine& operator=(Machine&&) noexcept = default;

    abi::Handle process() const { return process_.slot(); }
    /// Pages of RAM that it has.
    std::uint64_t pages() const;
    /// Ends the process, if it has not, and takes back its memory and its devices.
    void reclaim(Memories& memories);

  private:
    Machine() = default;
    abi::Result<sdk::Handle> map_new(Memories& memories, std::uint64_t address, std::uint64_t bytes, abi::Rights rights,
                                     std::span<const std::byte> content);
    abi::Result<void> grant(abi::Handle expected, sdk::Handle handle, abi::Rights rights);
    abi::Result<void> grant_device(const host_devices::Device& device, std::uint64_t dma_pages, Memories& memories,
                                   sdk::Startup::Device& told);
    abi::Result<void> grant_file(abi::Handle bundle, const Plan::File& file, Memories& memories,
                                 sdk::Startup::File& told);
    abi::Result<void> grant_all(const Plan& plan, Memories& memories, sdk::Startup& startup);
    abi::Result<std::uint64_t> grant(abi::Handle handle, abi::Rights rights);
    abi::Result<void> grant_virtual_cpus(const bundle_manifest::Machine& machine, Memories& memories,
                                         sdk::Startup& startup);
    abi::Result<void> grant_wiring(const Wiring& wiring, sdk::Startup& startup);
    abi::Result<sdk::Handle> take(Memories& memories, std::uint64_t pages, std::uint64_t alignment,
                                  std::span<const std::byte> content);
    abi::Result<void> build(const Plan& plan, const Host& host, const Wiring& wiring, Memories& memories);

    std::vector<Ram::Pages> pages_;
    std::vector<host_devices::Device> devices_;
    std::vector<InterruptFiles::File> files_;
    sdk::Object process_;
};
