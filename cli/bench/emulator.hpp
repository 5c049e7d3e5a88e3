// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "cli/qemu.hpp"

namespace bench {

/// How time passes in the emulator.
enum class Clock : std::uint8_t {
    Instructions,     ///< a nanosecond for each instruction, and at once to the next timer when nothing runs
    InstructionsIdle, ///< the same, but idle time passes as it does outside: for machines that wait for disks
    Wall,             ///< as outside
};

/// A folder for one run of the tool, which goes with it.
class TemporaryFolder {
  public:
    TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder();
    std::filesystem::path operator/(const std::filesystem::path& name) const { return path_ / name; }

  private:
    std::filesystem::path path_;
};

/// Where in that folder a machine's console goes.
inline constexpr const char* console_file = "console";

/// What a machine wrote until it was switched off, and the instructions that it had then run, as the emulator counts
/// them; it does with Clock::Instructions and a single hart.
struct Emulated {
    std::string console;
    std::optional<std::uint64_t> instructions;
    bool ended = false; ///< else it was stopped after `limit_seconds`
};

/// Runs a machine, always from the same seed and the same date, until it switches itself off.
Emulated emulate(qemu::Machine machine, Clock clock, const TemporaryFolder& folder, unsigned limit_seconds);

}
