// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>
#include <vector>

/// The manifest as the bundle holds it: a device tree (docs/bundle.md). The host's tool has checked the text that it
/// was made of, but a bundle may come from anywhere.
namespace bundle_manifest {

/// A disk: a member of the bundle in RAM, or a device of the host.
struct Disk {
    std::string_view file, device, serial; ///< of file and device just one; serial may be empty
    bool read_only = false;
};

struct Machine {
    std::string_view name, monitor, image, arguments; ///< image, kernel, initrd: members of the bundle, empty for none
    std::string_view kernel, initrd, command_line;
    std::uint64_t kernel_address = 0, kernel_entry = 0, kernel_memory = 0; ///< guest-physical, and bytes with its zeros
    std::string_view terminal;          ///< a node of the host's device tree; empty: none
    std::uint64_t console = 0, mmu = 4; ///< as in sdk::Startup
    static constexpr std::uint64_t any_irqchip = 0, plic = 1, aia = 2;
    std::uint64_t irqchip = any_irqchip;
    static constexpr std::size_t disk_limit = 4;
    std::array<Disk, disk_limit> disks{};
    std::size_t disk_count = 0;
    static constexpr std::size_t device_limit = 4;
    std::array<std::string_view, device_limit> devices{}; ///< nodes of the host's device tree
    std::size_t device_count = 0;
    static constexpr std::size_t after_limit = 4;
    std::array<std::string_view, after_limit> after{}; ///< names of machines that run before it starts
    std::size_t after_count = 0;
    std::uint64_t cpus = 0, memory = 0, heap = 0, quota = 0, priority = 0, harts = 0;
    std::uint64_t share = 100;   ///< of the time on harts, among machines of one priority
    std::uint64_t restart = 0;   ///< control::RestartPolicy
    std::uint64_t backoff = 1;   ///< seconds before the first restart
    std::uint64_t autostart = 1; ///< 1: starts with the system
};

struct Manifest {
    std::string_view file; ///< what its author called it
    std::vector<Machine> machines;
};

/// What is wrong, and where: for a line that a person can act on.
struct Error {
    std::string_view node, property; ///< may be empty
    const char* what;
};

/// Reads a blob; the result's strings lie in it.
std::expected<Manifest, Error> read(std::span<const std::byte> blob);

}
