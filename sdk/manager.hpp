// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/control.hpp"

namespace sdk::manager {

// What the manager asks of a program, and what it hears of it, over a channel of the two. A program that does not look
// at it can be ended, but not paused, asked to stop, or measured.

enum class Order : std::uint32_t {
    Pause = 1, ///< answered with Paused
    Resume,    ///< answered with Resumed
    PowerButton,
    Stats,  ///< answered with Stats
    Resize, ///< control::Resize: of who looks at the console
};

enum class Report : std::uint32_t {
    Ready = 1, ///< it looks at its orders from now on
    Paused,
    Resumed,
    Stats,  ///< Stats
    Reboot, ///< its guest has reset itself
    Failed, ///< text: why it ends
};

/// A message: this, and then so many bytes.
struct Header {
    std::uint32_t kind, bytes;
};
inline constexpr std::size_t message_limit = 1024;

struct Stats {
    std::uint64_t cpus;
    std::uint64_t returned, reported; ///< as in control::StatsRecord
    control::DiskStats disks;
    std::array<control::VcpuStats, control::vcpu_limit> vcpus;
};
static_assert(control::Plain<Header> && control::Plain<Stats> && sizeof(Stats) <= message_limit);

struct Message {
    Order order;
    control::Resize size; ///< of a Resize
};

// For the program. One thread takes orders; any may report.

/// Whether there is a channel.
bool open();
std::optional<Message> take_order();
/// Has the program's event raised (channel_bits::control) when there is an order; whether there is one already.
bool arm();
/// Sends a report, unless the manager has no room for it.
void report(Report kind, std::span<const std::byte> bytes = {});

}
