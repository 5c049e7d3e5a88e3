// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>

#include "services/manager/console_service.hpp"
#include "services/manager/instance.hpp"

/// What came of a verb.
struct Answer {
    control::Status status = control::Status::Done;
    std::string text = {};
    std::uint32_t detail = 0;
};
/// Nothing: it comes later, by Supervisor::Listener::finished.
using Reply = std::optional<Answer>;

/// Starts and ends machines, and follows what becomes of them.
class Supervisor {
  public:
    class Listener {
      public:
        virtual ~Listener() = default;
        virtual void finished(std::uint16_t session, const Answer& answer) = 0;
        /// A machine is in another state now, or something else became of it.
        virtual void happened(control::EventKind kind, const Instance* instance, std::string_view text) = 0;
        virtual void measured(const Instance& instance) = 0;
    };
    using Instances = std::array<std::unique_ptr<Instance>, manager_link::slot_limit>;

    Supervisor(const Host& host, std::span<const host_devices::Device> devices, Memories& memories,
               const sdk::Event& event, std::uint64_t end_bits, std::uint64_t report_bits, Listener& listener)
        : host_{host}, devices_{devices}, memories_{memories}, event_{event}, end_bits_{end_bits},
          report_bits_{report_bits}, listener_{listener} {}

    using Added = std::expected<std::vector<Instance*>, Answer>;
    /// Takes over a bundle and adds its machines, all or none.
    Added add(Bundle bundle);
    /// From now on machines have consoles, those that are there already too.
    void connect(ConsoleService& console);
    /// The console service is gone: machines go on without it, until there is another.
    void disconnect();
    /// Starts those of the machines that are to start by themselves; the first failure, if any.
    Answer start_by_themselves(std::span<Instance* const> instances);

    Instances& instances() { return instances_; }
    Instance* find(std::string_view name);
    bool any_alive() const;
    bool well() const { return well_; }

    Reply start(Instance& instance, Operation operation);
    Reply stop(Instance& instance, Operation operation, std::uint64_t milliseconds);
    Reply pause(Instance& instance, Operation operation);
    Reply resume(Instance& instance, Operation operation);
    Reply remove(Instance& instance, bool force);
    /// Has the monitor tell what its machine has done; `measured` follows. Whether it can.
    bool measure(Instance& instance);
    /// Who looks at the slot's console has a terminal of that size.
    void resize(std::size_t slot, control::Resize size);
    /// Nobody waits for the outcomes of verbs any more.
    void forget_sessions();

    // For the manager's loop.

    /// Looks for monitors that have ended, for what they report, and at the time.
    void look();
    /// The console service has taken all that the slot's last monitor wrote.
    void idle(std::size_t slot) {
        if (slot < slots_.size())
            slots_[slot].idle = true;
    }
    std::uint64_t next_deadline() const;
    /// Before waiting: whether there is something to do already.
    bool arm();
    /// Ends all, and gives back all memory.
    void reclaim();

  private:
    /// What a machine of this slot shares with services. It stays when the machine goes, for the next one.
    struct Slot {
        Ram::Pages pages;
        sdk::Mapping mapping;
        std::optional<sdk::Event> event;
        bool known = false; ///< to the console service
        bool idle = true;   ///< nothing of an earlier monitor's output is left
    };

    std::expected<void, Answer> check(const std::vector<Plan>& plans) const;
    bool prepare(Slot& slot);
    void define(const Instance& instance);
    void change(Instance& instance, control::State state, std::string reason = {});
    void finish(Instance& instance, const Answer& answer);
    Reply start_or_wait(Instance& instance);
    Answer launch(Instance& instance);
    bool may_start(const Instance& instance) const;
    void start_waiting();
    void ended(Instance& instance);
    std::string describe_end(const Instance& instance, std::int32_t& status, bool& well);
    void dismiss(Instance& instance);
    void settle(Instance& instance, bool well, std::string reason);
    void end_by_force(Instance& instance);
    void hear(Instance& instance);
    void report(Instance& instance, sdk::manager::Report kind, std::span<const std::byte> bytes);
    void late(Instance& instance);
    void forget_unused_bundles();
    void say(const Instance& instance, const char* format, ...) __attribute__((format(printf, 3, 4)));

    const Host& host_;
    std::span<const host_devices::Device> devices_;
    Memories& memories_;
    const sdk::Event& event_;
    std::uint64_t end_bits_, report_bits_;
    Listener& listener_;
    ConsoleService* console_ = nullptr;
    std::vector<std::unique_ptr<Bundle>> bundles_;
    std::array<Slot, manager_link::slot_limit> slots_;
    Instances instances_;
    bool well_ = true;
};
