// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

/// The machine that everything runs on: QEMU's `virt`.
namespace qemu {

/// A disk of the host: a virtio block device on the virtio-mmio bus of its number.
struct Drive {
    std::filesystem::path file;
    bool read_only = false;
    unsigned requests_per_second = 0; ///< at most; 0: as many as it can
};
inline constexpr std::size_t drive_limit = 7; ///< the last of QEMU's 8 buses is the control channel's
/// What the host's device tree calls the device of a drive.
std::string drive_device(std::size_t number);
/// And its serial port.
inline constexpr const char* serial_device = "serial@10000000";

struct Machine {
    std::string qemu; ///< "7", "10", a path, or empty: the one that is installed
    std::uint64_t harts = 2;
    std::uint64_t memory = 512 << 20;
    std::string cpu = "rv64,h=true";
    std::string irqchip = "plic";          ///< or "aia", with as many guest interrupt files for each hart as QEMU has
    std::filesystem::path nucleus, bundle; ///< or another kernel, with its initrd or none
    std::string serial = "mon:stdio";
    std::vector<Drive> drives;
    std::filesystem::path control; ///< the socket of its console port `sundew.control`; empty: it has none
    std::vector<std::string> more; ///< arguments as they are
};

/// The command that runs it; its console is the terminal's. Throws std::runtime_error if that QEMU is not there.
std::vector<std::string> command(const Machine& machine);

}
