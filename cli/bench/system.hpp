// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/bench/emulator.hpp"
#include "cli/bench/figure.hpp"

namespace bench {

/// What is compared: the emulated machine itself, Sundew on it, and Linux's KVM on it.
enum class System : std::uint8_t { Bare, Kvm, Sundew };
inline constexpr std::array systems{System::Bare, System::Kvm, System::Sundew};
const char* name_of(System system);

/// Requests a second of a disk that is never finished before it is waited for. Else it is now and then, by chance, and
/// what a read costs is without its interrupt.
inline constexpr unsigned slow_disk = 200;

/// What is run on each of them, unchanged.
struct Workload {
    std::string name;
    std::filesystem::path kernel, initrd; ///< initrd may be empty
    std::string command_line;
    std::filesystem::path disk;            ///< may be empty
    unsigned disk_requests_per_second = 0; ///< at most; 0: as many as it can
    std::uint64_t cpus = 1;
    std::uint64_t others = 0; ///< machines beside it, on Sundew and KVM, that do nothing but wait
    std::string manifest; ///< on Sundew, in place of all that; `others` then only says for how many there is to be RAM
    Clock clock = Clock::Instructions;
    bool virtio_console = false; ///< else a 16550A
    bool aia = false;            ///< APLIC and IMSICs, with files for guests; else a PLIC
    bool marks = false;          ///< its console has marks between which KVM's host is to count (bench/linux/relay.cpp)
    unsigned limit_seconds = 300;
};

/// What all runs share.
struct Settings {
    std::string qemu = "10", cpu = "rv64,h=true";
    std::uint64_t memory = std::uint64_t{512} << 20; ///< the guest's, and the bare machine's
};

/// The figures that it printed, and these: `emulated`, the instructions of all harts until the machine was off; on
/// Sundew also `host-ram` and what came in the bundle, in KiB. Throws std::runtime_error with what went wrong.
std::vector<Figure> run(System system, const Workload& workload, const Settings& settings,
                        const TemporaryFolder& folder);

/// An initrd with more files in it, all of them executable.
struct Member {
    std::string name;
    std::filesystem::path file;
};
std::vector<char> initrd_with(const std::filesystem::path& initrd, const std::vector<Member>& members);

}
