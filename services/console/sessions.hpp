// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "sdk/frames.hpp"
#include "services/console/machine_console.hpp"

/// The host's sessions (docs/control.md). Those about consoles are answered here, those of debuggers and traces by the
/// machines' monitors (watchers.cpp); the others are passed on to the manager. What a session sends waits in `to_host`,
/// which never grows much beyond one frame of each kind.
class Sessions {
  public:
    explicit Sessions(MachineConsoles& machines) : machines_{machines} {}

    frames::Queue& to_host() { return to_host_; }
    frames::Queue& to_manager() { return to_manager_; }
    /// Whether a frame of either can be taken now, whatever it makes us say.
    bool ready_for_host() const { return to_host_.size() < queue_limit && to_manager_.size() < queue_limit; }
    bool ready_for_manager() const { return to_host_.size() < queue_limit; }

    void from_host(const frames::Frame& frame);
    /// One that belongs to a session.
    void from_manager(const frames::Frame& frame);
    /// All sessions are gone: the connection is, or has begun anew.
    void reset();
    /// Tells a host that is connected to an earlier console service that it is to begin anew.
    void announce();
    /// A machine was removed.
    void forget(std::size_t slot);
    /// A machine's monitor has ended, and so have those sessions that it had.
    void ended(std::size_t slot);
    /// Where there are machines that somebody watches.
    Slots watched() const;
    /// Moves what can be moved between machines and the host; whether there was anything. Of the machines that nobody
    /// watches any more, those in `slots` may still have something to say to watchers.
    bool pump(Slots slots = every_slot);

  private:
    static constexpr std::size_t queue_limit = 16 << 10, piece_bytes = 4096, session_limit = 64;
    enum class Kind : std::uint8_t { Manager, Console, Logs, Gdb, Trace };
    struct Session {
        Kind kind = Kind::Manager;
        bool follows = false;
        std::size_t slot = 0;
        std::uint16_t watch = 0;                        ///< Gdb, Trace: its number at the monitor
        std::uint64_t position = 0, end = 0;            ///< in the history; `end`: of one that does not follow
        std::uint64_t credit = control::initial_credit; ///< that the host has given
        std::uint64_t lost = 0;
        std::vector<std::byte> input; ///< for the machine, within the credit that the host has
        std::uint64_t given = control::initial_credit;
        bool over = false;

        bool about_console() const { return kind == Kind::Console || kind == Kind::Logs; }
        bool watches() const { return kind == Kind::Gdb || kind == Kind::Trace; }
    };

    void request(std::uint16_t id, const frames::Frame& frame);
    void open(std::uint16_t id, const control::Request& request, std::string_view name);
    void data(Session& session, std::uint16_t id, const frames::Frame& frame);
    void watch(std::uint16_t id, const control::Request& request, std::string_view name);
    void end(std::uint16_t id, control::Status status, std::string_view text = {}, std::uint32_t detail = 0);
    void end(std::uint16_t id, const Session& session, control::Status status, std::string_view text = {});
    bool pump_output(std::uint16_t id, Session& session);
    bool pump_input(std::uint16_t id, Session& session);
    bool pump_watched(std::size_t slot, std::size_t most);
    void tell_watcher(std::uint16_t id, Session& session, const frames::Frame& frame);
    void tell_records(std::uint16_t id, Session& session, std::span<const std::byte> records);
    void leave(const Session& session);
    void pass_on(const frames::Frame& frame) { to_manager_.add(frame.type(), frame.header.session, frame.payload); }

    MachineConsoles& machines_;
    frames::Queue to_host_{frames::Queue::To::Host}, to_manager_{frames::Queue::To::Program};
    std::map<std::uint16_t, Session> sessions_;
};
