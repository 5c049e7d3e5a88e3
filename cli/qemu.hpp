// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

/// The machine that everything runs on: QEMU's `virt`.
namespace qemu {

struct Machine {
    std::string qemu; ///< "7", "10", a path, or empty: the one that is installed
    std::uint64_t harts = 2;
    std::uint64_t memory = 512 << 20;
    std::string cpu = "rv64,h=true";
    std::filesystem::path nucleus, bundle;
    std::vector<std::string> more; ///< arguments as they are
};

/// The command that runs it; its console is the terminal's. Throws std::runtime_error if that QEMU is not there.
std::vector<std::string> command(const Machine& machine);

}
