// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>

#include "devices/bits.hpp"
#include "devices/device.hpp"

namespace devices {

/// The platform-level interrupt controller of QEMU's `virt` (RISC-V PLIC specification 1.0), for up to 8 harts.
/// Context 2 * hart + 1 is a hart's supervisor mode; the even ones are machine mode's, which guests do not have.
class Plic : public Device, public InterruptController {
  public:
    static constexpr std::uint32_t sources = 96, hart_limit = 8, context_limit = 2 * hart_limit, most_urgent = 7;

    class Listener {
      public:
        virtual ~Listener() = default;
        /// A hart's external interrupt is now pending, or no longer. Only changes are told.
        virtual void external_interrupt(unsigned hart, bool pending) = 0;
    };

    explicit Plic(Listener& listener, std::uint32_t harts = hart_limit)
        : listener_{listener}, harts_{std::min(harts, hart_limit)} {}
    void reset();
    std::uint64_t read(std::uint64_t offset, unsigned width) override;
    void write(std::uint64_t offset, unsigned width, std::uint64_t value) override;
    void set_level(std::uint32_t source, bool high) override;

    using Sources = Bits<sources>;
    /// The window's page of enable bits, "Interrupt Enables", for 32 contexts.
    struct alignas(0x1000) EnablePage {
        struct alignas(0x80) Context {
            Sources sources;
        };
        std::array<Context, 32> contexts{};
    };
    static constexpr std::uint64_t enable_base = 0x2000;
    /// For a guest that loads them from memory without an exit: that has no effect.
    const EnablePage& enable_page() const { return *enabled_; }

  private:
    std::uint32_t best(std::uint32_t context, std::uint8_t urgency) const;
    std::uint32_t claim(std::uint32_t context);
    void complete(std::uint32_t context, std::uint32_t source);
    void update();
    std::uint32_t contexts() const { return 2 * harts_; }

    Listener& listener_;
    std::uint32_t harts_;
    Sources level_, pending_, claimed_; ///< none is both pending and claimed
    std::array<std::uint8_t, sources> priority_{};
    std::unique_ptr<EnablePage> enabled_ = std::make_unique<EnablePage>();
    std::array<std::uint8_t, context_limit> threshold_{};
    std::array<bool, hart_limit> told_{};
};

}
