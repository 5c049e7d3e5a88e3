// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/control_frames.hpp"
#include "sdk/channel.hpp"
#include "sdk/debug_link.hpp"
#include "sdk/frames.hpp"
#include "services/console/history.hpp"
#include "services/console/manager_link.hpp"

/// What the console service has of one machine: the channels to its monitor, what it wrote, and what it is to read.
class MachineConsole {
  public:
    static constexpr std::size_t history_bytes = 64 << 10;
    /// The memory that the manager gives for each machine: both channels, then the history, which is this service's
    /// alone.
    static constexpr std::size_t memory_bytes = sdk::console_shape.bytes() + sdk::debug_shape.bytes() + history_bytes;

    MachineConsole(std::string name, std::span<std::byte> memory)
        : memory_{memory}, history_{memory.last(history_bytes)}, name_{std::move(name)} {}

    const std::string& name() const { return name_; }
    bool running() const { return static_cast<bool>(channel_); }
    const History& history() const { return history_; }
    History& history() { return history_; }

    /// Another machine in the same slot.
    void rename(std::string name) {
        name_ = std::move(name);
        history_.clear();
    }
    /// Its monitor begins: the rings are empty. `wake` takes a set of sdk::channel_bits.
    void start(std::function<void(std::uint64_t bits)> wake) {
        const auto console = memory_.first(sdk::console_shape.bytes());
        const auto debug = memory_.subspan(console.size(), sdk::debug_shape.bytes());
        channel_ = {console, sdk::console_shape, sdk::Channel::Side::Second,
                    [wake] { wake(sdk::channel_bits::console); }};
        debug_ = {debug, sdk::debug_shape, sdk::Channel::Side::Second, [wake] { wake(sdk::channel_bits::debug); }};
        watched_ = false;
    }
    /// The rings are as an earlier console service left them. Of its sessions the monitor may still have some to say:
    /// the numbers of new ones begin elsewhere.
    void go_on() {
        channel_.go_on();
        debug_.go_on();
        watched_ = true;
        last_watch_ = static_cast<std::uint16_t>(debug_.sent());
        close_watch(debug_link::every_session);
    }
    void stop() {
        take_output(~std::size_t{0});
        channel_ = {};
        debug_ = {};
        watched_ = false;
    }

    /// Puts up to `most` bytes that the machine wrote into the history; whether there were any.
    bool take_output(std::size_t most) {
        bool any = false;
        while (channel_ && most != 0) {
            const std::size_t count = channel_.read(history_.next(most));
            if (count == 0)
                break;
            history_.grow(count);
            most -= count;
            any = true;
        }
        return any;
    }
    /// What is typed for the machine: as much as there is room for; how much that was. What nobody reads is not kept:
    /// a machine that does not run takes everything.
    std::size_t type(std::span<const std::byte> bytes) { return channel_ ? channel_.write(bytes) : bytes.size(); }

    /// Has the monitor begin a session for someone who watches the machine (debug_link.hpp): its number, or 0 if the
    /// monitor takes nothing any more.
    std::uint16_t open_watch(std::span<const std::byte> request) {
        if (debug_.room() < sizeof(control::FrameHeader) + request.size() + debug_link::end_room)
            return 0;
        last_watch_ = static_cast<std::uint16_t>(last_watch_ % 0xffff + 1);
        watched_ = true;
        tell(control::FrameType::Request, last_watch_, request);
        return last_watch_;
    }
    void close_watch(std::uint16_t number) {
        if (debug_)
            tell(control::FrameType::End, number, control::bytes_of(control::End{}));
    }
    /// What the watcher sends to the monitor: as much as there is room for; how much that was.
    std::size_t send_watch(std::uint16_t number, std::span<const std::byte> bytes) {
        constexpr std::size_t kept = sizeof(control::FrameHeader) + debug_link::end_room;
        std::size_t room = debug_.room();
        if (room <= kept && debug_.arm_output(kept + 1))
            room = debug_.room();
        bytes = bytes.first(std::min({bytes.size(), debug_link::piece_bytes, room - std::min(room, kept)}));
        if (!bytes.empty())
            tell(control::FrameType::Data, number, bytes);
        return bytes.size();
    }
    /// Frames of the monitor's about those who watch; null if it has never been watched.
    frames::Reader* from_watched() { return watched_ ? &from_debug_ : nullptr; }

    /// Before waiting for the event; whether there is something to do already. `watchers`: whether what the monitor
    /// tells them can be taken.
    bool arm(bool watchers = true) {
        return (channel_ && channel_.arm_input()) || (watchers && watched_ && from_debug_.arm());
    }
    /// Has the monitor wake this side when it has read some of what was typed; whether it has already.
    bool arm_typing() { return channel_ && channel_.arm_output(1); }

  private:
    void tell(control::FrameType type, std::uint16_t number, std::span<const std::byte> payload) {
        const control::FrameHeader header{static_cast<std::uint32_t>(payload.size()), static_cast<std::uint16_t>(type),
                                          number};
        (void)debug_.write_both(control::bytes_of(header), payload);
    }

    std::span<std::byte> memory_;
    sdk::Channel channel_, debug_;
    frames::Reader from_debug_{debug_};
    bool watched_ = false; ///< since its monitor began
    std::uint16_t last_watch_ = 0;
    History history_;
    std::string name_;
};

/// The machines' consoles, by slot; null where there is none.
using MachineConsoles = std::array<std::unique_ptr<MachineConsole>, manager_link::slot_limit>;

/// A set of slots, a bit each.
using Slots = std::uint64_t;
inline constexpr Slots every_slot = ~Slots{0};
static_assert(manager_link::slot_limit == 64);
constexpr Slots slot_bit(std::size_t slot) {
    return Slots{1} << slot;
}
/// Calls `visit` with each of `slots` in which there is a machine.
void for_each(const MachineConsoles& machines, Slots slots, auto&& visit) {
    for (; slots != 0; slots &= slots - 1)
        if (const auto slot = static_cast<std::size_t>(std::countr_zero(slots)); machines[slot])
            visit(slot);
}
