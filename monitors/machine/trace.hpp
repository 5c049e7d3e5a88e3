// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitset>
#include <memory>
#include <vector>

#include "devices/device.hpp"
#include "monitors/machine/map.hpp"
#include "monitors/machine/trace_ring.hpp"
#include "sdk/event.hpp"
#include "sdk/exit.hpp"

namespace machine {

/// A ring, and how its reader is told that it fills up.
class TraceWriter {
  public:
    TraceWriter(const sdk::Event& event, std::uint64_t bits) : event_{event}, bits_{bits} {}
    void add(const control::TraceRecord& record) {
        ring_.add(record);
        if (ring_.half_full())
            event_.signal(bits_);
    }
    TraceRing& ring() { return ring_; }

  private:
    TraceRing ring_;
    const sdk::Event& event_;
    std::uint64_t bits_;
};

/// An exit, from where it came to the guest's going on, as a record of a trace. Without a trace it costs a look at a
/// pointer.
class TracedExit {
  public:
    TracedExit(TraceWriter* writer, sdk::Exit& exit, unsigned hart, const abi::Registers& registers) : writer_{writer} {
        if (writer_) [[unlikely]]
            begin(exit, hart, registers.pc);
    }
    ~TracedExit() {
        if (writer_) [[unlikely]]
            end();
    }
    TracedExit(const TracedExit&) = delete;
    TracedExit& operator=(const TracedExit&) = delete;

  private:
    [[gnu::noinline]] void begin(sdk::Exit& exit, unsigned hart, std::uint64_t pc);
    [[gnu::noinline]] void end();
    TraceWriter* writer_;
    control::TraceRecord record_; ///< means something if there is a writer
};

/// What a machine's devices do, for its trace: stands between them and the interrupt controller. Called with the
/// machine's lock held, so that one thread at a time writes.
class TracedDevices final : public devices::InterruptController {
  public:
    explicit TracedDevices(devices::InterruptController& controller) : controller_{controller} {}
    void trace_into(TraceWriter* writer) {
        writer_ = writer;
        high_.reset(); // nobody has followed the lines meanwhile
    }

    void set_level(std::uint32_t source, bool high) override {
        if (writer_) [[unlikely]]
            trace_level(source, high);
        controller_.set_level(source, high);
    }
    /// The guest stores into the registers of the device at `window`.
    void stored(GuestPhysical window, std::uint64_t offset, unsigned hart, std::uint64_t value) {
        if (writer_) [[unlikely]]
            trace_store(window, offset, hart, value);
    }

  private:
    void trace_level(std::uint32_t source, bool high);
    void trace_store(GuestPhysical window, std::uint64_t offset, unsigned hart, std::uint64_t value);
    devices::InterruptController& controller_;
    TraceWriter* writer_ = nullptr;
    std::bitset<map::interrupt_sources + 1> high_;
};

/// A machine's trace: a ring for each hart's thread, and one for the devices.
class Trace {
  public:
    /// Begins with empty rings, which raise `bits` of `event`; whether there is memory for them. They stay, since a
    /// thread may still be about to write the record of its last exit.
    bool begin(unsigned harts, const sdk::Event& event, std::uint64_t bits);
    void end() { on_ = false; }
    bool on() const { return on_; }
    TraceWriter* of_hart(unsigned hart) { return writers_[hart + 1].get(); }
    TraceWriter* of_devices() { return writers_.front().get(); }
    /// Takes records, as many as there are and fit; how many.
    std::size_t take(std::span<control::TraceRecord> to);
    /// How many nobody will take, with all threads at an end.
    std::uint64_t left();

  private:
    std::vector<std::unique_ptr<TraceWriter>> writers_;
    std::size_t next_ = 0; ///< whose turn it is
    bool on_ = false;
};

}
