// SPDX-License-Identifier: Apache-2.0
#pragma once

// Stands in for sdk/device.hpp where drivers run on the build machine: a device whose registers are memory that a test
// reads and writes. The build puts this folder first in the include path.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "abi/error.hpp"

namespace sdk {

class Device {
  public:
    explicit Device(std::span<std::byte> registers) : registers_{registers} {}

    template <class T>
    volatile T& reg(std::uint64_t offset) const {
        return *reinterpret_cast<volatile T*>(registers_.subspan(offset, sizeof(T)).data());
    }
    std::uint64_t bytes() const { return registers_.size(); }
    static void fence() { std::atomic_thread_fence(std::memory_order_seq_cst); }
    void acknowledge_interrupt(std::size_t) const { ++acknowledged; }

    mutable unsigned acknowledged = 0;

  private:
    std::span<std::byte> registers_;
};

}
