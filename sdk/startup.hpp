// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "abi/handle.hpp"

namespace sdk {

/// What a file of the bundle is for.
enum class FileRole : std::uint64_t { None, Image, Kernel, Initrd, Disk };

/// The interrupt controller of a machine.
enum class Irqchip : std::uint64_t { Plic, Aia };

/// What the manager tells a program that it starts: pages of its own, mapped read-only at `startup_address`.
struct Startup {
    char name[32]; ///< ends with NUL, as does `arguments`
    char arguments[256];
    std::uint64_t cpus;
    std::uint64_t harts;             ///< where its threads may run, as a set of hart numbers
    std::uint64_t priority;          ///< for its threads, 1 to 255
    std::uint64_t guest_bytes;       ///< of `guest_memory`
    std::uint64_t image_bytes;       ///< of what `image` holds, from its first byte on; 0: none
    std::uint64_t heap_bytes;        ///< mapped at `heap_address`
    abi::Handle heap;                ///< the same Memory, to be read: by a guest, say
    std::uint64_t epoch_nanoseconds; ///< since 1970 began, at the host's tick 0
    std::byte seed[64];              ///< for random numbers; this process's alone

    /// A device of the host that is this process's own.
    struct Device {
        char name[32];        ///< of its node in the host's device tree; empty: no device
        std::uint64_t memory; ///< handle of the pages that hold its registers,
        std::uint64_t offset; ///< which begin here in the first of them
        std::uint64_t bytes;
        std::uint64_t interrupts[4]; ///< handles of one line each; 0: none
        std::uint64_t dma;           ///< handle of `dma_pages` pages for it and its driver alone, zeroed; 0: none
    } devices[8];

    /// A file of the bundle, in whole pages: read-only, or this process's own.
    struct File {
        FileRole role;
        std::uint64_t memory; ///< handle
        std::uint64_t bytes;
        std::uint64_t address, entry; ///< Kernel: guest-physical, where its first byte goes and where it is entered
        std::uint64_t memory_bytes;   ///< Kernel: that it occupies there, with what begins as zero
        std::uint64_t writable;
        std::uint64_t order; ///< Disk: among all disks
        char serial[24];
    } files[8];

    /// A disk that is one of `devices`.
    struct HostDisk {
        std::uint64_t device; ///< index
        std::uint64_t writable;
        std::uint64_t order; ///< among all disks
        char serial[24];
    } host_disks[4];
    std::uint64_t host_disk_count;

    std::uint64_t console;    ///< 0: virtio, 1: serial port
    std::uint64_t mmu_levels; ///< 3, 4 or 5: Sv39, Sv48, Sv57
    Irqchip irqchip;
    /// Where each virtual CPU runs, and the guest interrupt file of that hart that it has for itself.
    struct VirtualCpu {
        std::uint64_t hart;
        std::uint64_t file; ///< handle of its page; 0: none
    } virtual_cpus[8];
    char command_line[2048];
    char extensions[2048];         ///< of the host's harts, as in riscv,isa-extensions, with spaces between
    std::uint64_t cbo_block_bytes; ///< of Zicbom and Zicboz; 0: not known

    /// A channel to a service (sdk/channel.hpp); no memory: there is none.
    struct Channel {
        std::uint64_t memory; ///< handle
        std::uint64_t event;  ///< handle, to wake the service with
        std::uint64_t bits;   ///< of that event
    } manager_channel, console_channel, debug_channel;
    /// Handle of an event that the services raise, each its own bit of `channel_bits`; 0: none.
    std::uint64_t event;
};

inline constexpr std::uint64_t startup_pages = 3, dma_pages = 8;
static_assert(sizeof(Startup) <= startup_pages * 4096);

inline constexpr std::uint64_t startup_address = 0x8000;
inline constexpr std::uint64_t program_address = 0x10000;
inline constexpr std::uint64_t heap_address = 0x1000'0000;
/// From here on the SDK chooses where things are mapped.
inline constexpr std::uint64_t mappings_address = 0x10'0000'0000;
inline constexpr std::uint64_t large_mappings_address = 0x20'0000'0000; ///< of 2 MiB and more

/// The handles that the manager grants; `abi::own_process` is there too.
namespace granted {
inline constexpr abi::Handle system = 2;       ///< with the right Log
inline constexpr abi::Handle guest_memory = 3; ///< Memory for the guest's RAM, zeroed
inline constexpr abi::Handle image = 4;        ///< Memory with the guest's image, read-only, in whole pages
}

inline const Startup& startup() {
    return *reinterpret_cast<const Startup*>(startup_address);
}

}
