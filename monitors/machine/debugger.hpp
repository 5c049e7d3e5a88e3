// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <functional>
#include <map>
#include <optional>

#include "monitors/gdb/stub.hpp"
#include "monitors/machine/map.hpp"

namespace machine {

class Machine;

/// A machine under GDB. Called with the machine's lock held, on the thread that serves the machine.
class Debugger final : gdb::Target {
  public:
    using Send = std::function<void(std::span<const std::byte>)>;
    Debugger(Machine& machine, Send send) : machine_{machine}, send_{std::move(send)}, stub_{*this} {}

    void receive(std::span<const std::byte> bytes) { stub_.receive(bytes); }
    void disconnect() { stub_.disconnect(); }
    /// A hart has come to rest, or has met a breakpoint.
    void poll();
    /// The machine starts anew: its memory is as after power-on.
    void restarted();
    void ended(bool well) { stub_.ended(well); }

  private:
    struct Reason {
        unsigned hart;
        gdb::Stop stop;
    };
    void sort_out(unsigned hart);
    void hold_all();
    void freeze_time();

    unsigned harts() const override;
    gdb::Features features() const override;
    bool started(unsigned hart) const override;
    std::optional<std::uint64_t> read_register(unsigned hart, unsigned number) override;
    bool write_register(unsigned hart, unsigned number, std::uint64_t value) override;
    bool read_vector(unsigned hart, unsigned number, std::span<std::byte> to) override;
    bool write_vector(unsigned hart, unsigned number, std::span<const std::byte> from) override;
    bool read_memory(GuestPhysical address, std::span<std::byte> to) override;
    bool write_memory(GuestPhysical address, std::span<const std::byte> from) override;
    void code_changed() override;
    void catch_breakpoints(bool caught) override;
    void stop() override;
    void run(gdb::Harts harts) override;
    void kill() override;
    void send(std::span<const std::byte> bytes) override { send_(bytes); }

    Machine& machine_;
    Send send_;
    gdb::Stub stub_;
    bool stopping_ = false; ///< all harts are on their way to rest, because of `reason_`
    Reason reason_{};
    std::uint64_t rest_began_ = 0;                                         ///< ticks of the host,
    std::uint64_t paused_then_ = 0;                                        ///< and of pauses before
    std::array<std::map<unsigned, std::uint64_t>, map::hart_limit> known_; ///< registers that were read in this stop
};

}
