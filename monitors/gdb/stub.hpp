// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "monitors/gdb/breakpoints.hpp"
#include "monitors/gdb/hex.hpp"
#include "monitors/gdb/packet.hpp"
#include "monitors/gdb/target.hpp"

namespace gdb {

/// Why the machine has stopped.
enum class Stop : std::uint8_t { Asked, Breakpoint, Stepped };

/// The far end of GDB's remote serial protocol, for one machine: all harts are threads, all stop and go together. A
/// packet while nobody is attached attaches and stops the machine. Not for several threads at once.
class Stub {
  public:
    explicit Stub(Target& target) : target_{target}, breakpoints_{target} {}

    /// What the debugger has sent: any bytes.
    void receive(std::span<const std::byte> bytes);
    /// The connection is gone: as if the debugger had detached. The machine is at rest by the time that returns false,
    /// or else `stopped` does the rest.
    void disconnect();

    // For the target.

    /// All harts are at rest, `hart` for this reason.
    void stopped(unsigned hart, Stop reason);
    /// Whether the hart, which has met an ebreak, has met one of the debugger's.
    bool at_breakpoint(unsigned hart);
    /// Memory was set up anew: no breakpoint is there any more.
    void restarted() { breakpoints_.forget(); }
    /// The machine has ended.
    void ended(bool well);

    bool attached() const { return state_ != State::Detached; }
    /// The hart that takes a step, if one does.
    std::optional<unsigned> stepping() const { return masked_ ? std::optional{masked_->hart} : std::nullopt; }

  private:
    enum class State : std::uint8_t { Detached, Stopping, Stopped, Running };

    void interrupt();
    void take(std::string_view packet);
    void attach();
    void detach();
    void answer(std::string_view payload);
    void acknowledge(char sign);

    /// The answer to a packet; none: it comes later, or never.
    std::optional<std::string> handle(Scanner packet);
    std::optional<std::string> query(Scanner packet);
    std::string supported(Scanner packet);
    std::string description(Scanner range);
    std::string stop_reply() const;
    std::string read_registers();
    std::string write_registers(Scanner packet);
    std::string read_register(Scanner packet);
    std::string write_register(Scanner packet);
    std::string read_memory(Scanner packet);
    std::string write_memory(Scanner packet, bool binary);
    std::string breakpoint(Scanner packet, bool insert);
    std::string choose(Scanner packet);
    std::string alive(Scanner packet);
    std::optional<std::string> multi(Scanner packet);
    std::optional<std::string> resume(Harts harts, std::optional<unsigned> stepping);

    std::optional<std::string> start_step(unsigned hart);
    void end_step();
    std::optional<unsigned> thread(Scanner& packet) const;
    std::optional<GuestPhysical> translate(unsigned hart, GuestVirtual address);
    /// The bytes that can be had from `address` on, at most up to the end of a page.
    std::span<std::byte> piece(GuestVirtual address, std::span<std::byte> rest) const;

    Target& target_;
    Breakpoints breakpoints_;
    PacketReader reader_;
    State state_ = State::Detached;
    bool acknowledging_ = true, tells_swbreak_ = false, leaving_ = false, catching_ = false;
    std::string last_, waiting_, description_;
    unsigned hart_ = 0;      ///< that packets speak of
    unsigned stop_hart_ = 0; ///< that stopped,
    Stop stop_ = Stop::Asked;
    /// What a step has masked, to be given back.
    struct Masked {
        unsigned hart;
        unsigned which;
        std::uint64_t bits;
    };
    std::optional<Masked> masked_;
};

}
