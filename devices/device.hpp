// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace devices {

// A machine has one lock, and whoever calls into a device holds it: devices know nothing of threads. They make no
// system calls and have no globals. Whatever a guest writes has a defined effect, and takes bounded time.

/// A device's registers, in a window of guest-physical addresses.
class Device {
  public:
    virtual ~Device() = default;
    /// What the guest loads from `offset`, in the low `width` bytes. `width` is 1, 2, 4 or 8, and offset + width lies
    /// within the window; any alignment is possible. A register that is not there reads as 0.
    virtual std::uint64_t read(std::uint64_t offset, unsigned width) = 0;
    /// The guest stores the low `width` bytes of `value`; those above mean nothing.
    virtual void write(std::uint64_t offset, unsigned width, std::uint64_t value) = 0;
};

/// Takes the levels of interrupt lines: a PLIC or an APLIC.
class InterruptController {
  public:
    virtual ~InterruptController() = default;
    /// Source `source` is now high or low. Saying again what is known has no effect.
    virtual void set_level(std::uint32_t source, bool high) = 0;
};

/// A device's end of an interrupt line; by default one that leads nowhere.
class InterruptLine {
  public:
    InterruptLine() = default;
    InterruptLine(InterruptController& controller, std::uint32_t source) : controller_{&controller}, source_{source} {}
    void set(bool high) const {
        if (controller_)
            controller_->set_level(source_, high);
    }

  private:
    InterruptController* controller_ = nullptr;
    std::uint32_t source_ = 0;
};

}
