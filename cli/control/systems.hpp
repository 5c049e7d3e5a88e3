// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/control/file.hpp"

/// Where running systems are found: a folder with three files for each.
namespace systems {

/// What belongs to a system.
struct Paths {
    std::filesystem::path control; ///< the socket that the tool's verbs connect to: the broker's
    std::filesystem::path qemu;    ///< the socket of QEMU's console port, for the broker alone
    std::filesystem::path lock;    ///< locked as long as the system is there; holds QEMU's process number
    std::filesystem::path log;     ///< what a system in the background says
};

/// $XDG_RUNTIME_DIR/sundew, or /tmp/sundew-UID; made where it is missing. Throws control::Failure if that is not ours.
std::filesystem::path folder();
/// The paths of the system with that name, or with that control socket.
Paths named(const std::string& name);
Paths at(const std::filesystem::path& control);

/// Names of the systems that run.
std::vector<std::string> running();
/// Whether it does, and QEMU's process number if so.
int process(const Paths& paths);

/// A system's place while it runs: its lock, which its QEMU and its broker inherit.
struct Claim {
    Paths paths;
    std::string name; ///< empty where the control socket's path was given
    File lock;
    /// Says that this process is the one that becomes QEMU. Throws control::Failure.
    void own() const;
};
/// Takes `name`, or `name`-2 and so on where that runs already. Throws control::Failure.
Claim claim(const std::string& name);
Claim claim_at(const std::filesystem::path& control);

}
