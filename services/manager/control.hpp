// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>

#include "services/manager/supervisor.hpp"

/// The manager's part of the control channel (docs/control.md): sessions about machines' lives. What comes here has
/// passed the console service, which is no more trusted than the host.
class Control final : public Supervisor::Listener {
  public:
    Control(Memories& memories, ConsoleService*& console) : memories_{memories}, console_{console} {}
    void supervise(Supervisor& supervisor) { supervisor_ = &supervisor; }

    /// A frame of the host's, or the console service's own word.
    void frame(const frames::Frame& frame);
    /// Sends what has become due.
    void look();
    std::uint64_t next_deadline() const;
    /// Whether there is room for what a frame may make us say.
    bool ready() const;
    /// The host has a part in which machines run: it looks on, or has changed something. That it is there is not
    /// enough, since the tool keeps a connection open for whoever may come.
    bool in_use() const { return used_ || !sessions_.empty(); }
    /// Everything has been written to the serial port.
    bool flushed() const { return flushed_; }
    /// The host has asked for the system's end, and all machines are off.
    bool over() const { return over_; }
    /// Tells who asked for it, and all others.
    void say_goodbye();
    void reclaim();
    /// The console service is gone, and with it all that the host waits for.
    void disconnect() { reset(); }

    void finished(std::uint16_t session, const Answer& answer) override { end(session, answer); }
    void happened(control::EventKind kind, const Instance* instance, std::string_view text) override;
    void measured(const Instance& instance) override;

  private:
    static constexpr std::size_t session_limit = 64;
    struct Session {
        control::Verb verb{};
        std::uint64_t credit = control::initial_credit; ///< that the host has given
        std::uint64_t lost = 0;                         ///< records for which there was none
        // Stats
        std::uint64_t asked = 0;   ///< a set of slots
        std::uint64_t missing = 0; ///< of them those that have not answered yet
        bool measures = false;     ///< a round is under way
        std::uint64_t due = ~std::uint64_t{0}, period = 0;
        bool follows = false;
        // Create
        std::optional<Bundle> bundle;
        std::uint64_t bytes = 0, received = 0, given = control::initial_credit;
    };

    void reset();
    void hello(const frames::Frame& frame);
    void open(std::uint16_t id, const frames::Frame& frame);
    Reply begin(std::uint16_t id, const control::Request& request, std::string_view name);
    Reply change(std::uint16_t id, const control::Request& request, Instance& instance);
    Reply shut_down(std::uint16_t id, const control::Request& request);
    void end(std::uint16_t id, const Answer& answer);
    void list(std::uint16_t id);
    void record(std::uint16_t id, Session& session, std::span<const std::byte> record);
    Reply measure(std::uint16_t id, const control::Request& request, std::string_view name);
    void ask(Session& session);
    void tell_stats(std::uint16_t id, Session& session);
    Reply create(std::uint16_t id, const control::Request& request);
    void receive(std::uint16_t id, Session& session, std::span<const std::byte> bytes);
    frames::Queue& out() { return console_->out(); }

    Memories& memories_;
    ConsoleService*& console_;
    Supervisor* supervisor_ = nullptr;
    std::map<std::uint16_t, Session> sessions_;
    std::optional<Operation> shutdown_;
    bool used_ = false, flushed_ = false, over_ = false;
};
