// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "cli/kernel_image.hpp"

/// The manifest as people write it: TOML, checked.
namespace manifest {

/// A disk's file.
struct Disk {
    std::filesystem::path file;
    bool ram = false; ///< goes along in the bundle, and into RAM
    bool read_only = false;
    std::string serial; ///< at most 20 bytes
    std::string device; ///< of the host, unless it is in RAM: `assign_devices` chooses it
};

struct Machine {
    std::string name;
    std::filesystem::path monitor, image; ///< files that are there; image may be empty
    std::string arguments;
    bool system = false;                       ///< kind = "machine": an operating system on emulated hardware
    std::filesystem::path kernel_file, initrd; ///< may be empty
    kernel_image::Image kernel;
    std::string command_line, terminal; ///< terminal: the host's serial port, or nothing
    std::vector<Disk> disks;
    std::uint64_t console = 0, mmu = 4; ///< as in sdk::Startup
    std::uint64_t irqchip = 0;          ///< 0: chosen by kernel and host, 1: PLIC, 2: AIA
    std::uint64_t cpus = 1, memory = 2 << 20, heap = 256 << 10, quota = 64, priority = 100;
    std::uint64_t harts = ~std::uint64_t{0}; ///< a set of hart numbers
    std::uint64_t share = 100, restart = 0;  ///< restart: as control::RestartPolicy
    std::uint64_t backoff = 1;               ///< seconds before the first restart by policy
    bool autostart = true;
    std::vector<std::string> after;   ///< names of machines
    std::vector<std::string> devices; ///< names of nodes in the host's device tree
};

struct Manifest {
    std::string file;
    std::vector<Machine> machines;
    std::uint64_t bench_harts = 1; ///< of the host that `sundew bench` runs this on
};

/// A line for a person: "FILE:LINE:COLUMN: what is wrong; what to do".
using Complaints = std::vector<std::string>;

/// Where bare names of programs and images are looked for, and what is called debian:NAME.
struct Folders {
    std::filesystem::path programs, images, artefacts = {};
    std::function<void(const std::string& name)> fetch = {}; ///< makes an artefact that is not there; may do nothing
    std::vector<std::string> others = {};                    ///< names of machines that the system has already
};

/// Reads and checks `file`; every mistake in it is told, not only the first.
std::expected<Manifest, Complaints> read(const std::filesystem::path& file, const Folders& folders);
/// The same of a text, which complaints and relative paths take for `file`.
std::expected<Manifest, Complaints> parse(std::string_view text, const std::filesystem::path& file,
                                          const Folders& folders);

/// Gives each disk that is not in RAM a device of the host, and the first operating system the host's serial port. The
/// files, in the devices' order.
std::vector<const Disk*> assign_devices(Manifest& manifest);

/// The keys of a `[[vm]]` table, for people: a line each.
std::string describe_keys();
/// The same as the table of docs/manifest.md.
std::string reference();

}
