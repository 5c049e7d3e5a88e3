// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/address.hpp"

namespace gdb {

/// A set of harts, as bits.
using Harts = std::uint64_t;

/// Which registers a guest's harts have besides x0 to x31 and pc.
struct Features {
    bool timer = false;             ///< stimecmp (Sstc)
    std::uint64_t vector_bytes = 0; ///< vlenb; 0: no V
};

/// The machine under the debugger, as the protocol needs it. Registers are numbered as in registers.hpp. Registers and
/// memory are only asked for while no hart runs.
class Target {
  public:
    virtual ~Target() = default;

    virtual unsigned harts() const = 0;
    virtual Features features() const = 0;
    /// Whether the hart has been started; one that has not cannot run.
    virtual bool started(unsigned hart) const = 0;

    virtual std::optional<std::uint64_t> read_register(unsigned hart, unsigned number) = 0;
    virtual bool write_register(unsigned hart, unsigned number, std::uint64_t value) = 0;
    /// A vector register, `vector_bytes` long.
    virtual bool read_vector(unsigned hart, unsigned number, std::span<std::byte> to) = 0;
    virtual bool write_vector(unsigned hart, unsigned number, std::span<const std::byte> from) = 0;

    /// RAM, all of a range or nothing. No device is ever touched.
    virtual bool read_memory(GuestPhysical address, std::span<std::byte> to) = 0;
    virtual bool write_memory(GuestPhysical address, std::span<const std::byte> from) = 0;
    /// Makes all harts see code that has been written.
    virtual void code_changed() = 0;

    /// Whether the harts' ebreaks come to the debugger. Only while no hart runs.
    virtual void catch_breakpoints(bool caught) = 0;
    /// Stops all harts. When they have, and also when one has run into a breakpoint, `Stub::stopped` is called; not
    /// from here.
    virtual void stop() = 0;
    /// Lets these harts run.
    virtual void run(Harts harts) = 0;
    /// Ends the machine.
    virtual void kill() = 0;
    virtual void send(std::span<const std::byte> bytes) = 0;
};

}
