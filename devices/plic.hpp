// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bitset>
#include <cstdint>

#include "devices/device.hpp"

namespace devices {

/// The platform-level interrupt controller of QEMU's `virt` (RISC-V PLIC specification 1.0), for 8 harts. Context
/// 2 * hart + 1 is a hart's supervisor mode; the even ones are machine mode's, which guests do not have.
class Plic : public Device, public InterruptController {
  public:
    static constexpr std::uint32_t sources = 96, harts = 8, contexts = 2 * harts, most_urgent = 7;

    class Listener {
      public:
        virtual ~Listener() = default;
        /// A hart's external interrupt is now pending, or no longer. Only changes are told.
        virtual void external_interrupt(unsigned hart, bool pending) = 0;
    };

    explicit Plic(Listener& listener) : listener_{listener} {}
    void reset();
    std::uint64_t read(std::uint64_t offset, unsigned width) override;
    void write(std::uint64_t offset, unsigned width, std::uint64_t value) override;
    void set_level(std::uint32_t source, bool high) override;

  private:
    using Sources = std::bitset<sources>;
    std::uint32_t best(std::uint32_t context, std::uint8_t urgency) const;
    std::uint32_t claim(std::uint32_t context);
    void complete(std::uint32_t context, std::uint32_t source);
    void update();

    Listener& listener_;
    Sources level_, pending_, claimed_;
    std::array<std::uint8_t, sources> priority_{};
    std::array<Sources, contexts> enabled_{};
    std::array<std::uint8_t, contexts> threshold_{};
    std::array<bool, harts> told_{};
};

}
