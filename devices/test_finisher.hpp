// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "devices/device.hpp"

namespace devices {

/// SiFive's test device, as QEMU's `virt` has it: a write to its first register ends the machine.
class TestFinisher : public Device {
  public:
    class Listener {
      public:
        virtual ~Listener() = default;
        virtual void test_passed() = 0;
        virtual void test_failed(std::uint16_t code) = 0;
        virtual void test_reset() = 0;
    };

    explicit TestFinisher(Listener& listener) : listener_{listener} {}
    std::uint64_t read(std::uint64_t, unsigned) override { return 0; }
    void write(std::uint64_t offset, unsigned width, std::uint64_t value) override {
        constexpr std::uint16_t pass = 0x5555, fail = 0x3333, reset = 0x7777;
        if (offset != 0 || (width != 2 && width != 4))
            return;
        switch (static_cast<std::uint16_t>(value)) {
        case pass: return listener_.test_passed();
        case fail: return listener_.test_failed(width == 4 ? static_cast<std::uint16_t>(value >> 16) : 0);
        case reset: return listener_.test_reset();
        default: return;
        }
    }

  private:
    Listener& listener_;
};

}
