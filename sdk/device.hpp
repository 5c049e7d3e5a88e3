// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "sdk/event.hpp"
#include "sdk/mapping.hpp"

namespace sdk {

/// A device of the host that the manifest gave to this process: its registers and its interrupt lines.
class Device {
  public:
    /// The device of that name, as the host's device tree has it; BadArgument if it is not ours.
    static abi::Result<Device> open(std::string_view name);
    /// The one of that index in startup().devices.
    static abi::Result<Device> open(std::size_t index);
    /// Memory of the driver's own that the device can reach; none if it has not been given any.
    abi::Handle dma() const { return dma_; }

    /// A register, at a number of bytes from the first one. The caller keeps within `bytes()`.
    template <class T>
    volatile T& reg(std::uint64_t offset) const {
        return *reinterpret_cast<volatile T*>(mapping_.bytes().data() + offset_ + offset);
    }
    std::uint64_t bytes() const { return bytes_; }
    /// What was written to memory is there for the device before what is written to its registers from now on.
    static void fence() { asm volatile("fence iorw, iorw" ::: "memory"); }
    /// From now on interrupt `index` raises `bits` of `event`. The line is then silent until it is acknowledged.
    abi::Result<void> bind_interrupt(std::size_t index, const Event& event, std::uint64_t bits) const;
    void acknowledge_interrupt(std::size_t index) const;

  private:
    Device(Mapping mapping, std::uint64_t offset, std::uint64_t bytes, const std::uint64_t* interrupts, abi::Handle dma)
        : mapping_{std::move(mapping)}, offset_{offset}, bytes_{bytes}, interrupts_{interrupts}, dma_{dma} {}
    Mapping mapping_;
    std::uint64_t offset_, bytes_;
    const std::uint64_t* interrupts_; ///< in the startup page
    abi::Handle dma_;
};

}
