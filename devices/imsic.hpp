// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>

#include "devices/device.hpp"

namespace devices {

/// The interrupt file of a hart's supervisor mode (AIA, "Incoming MSI Controller"), for a hart that has none in
/// hardware: messages come as stores to its page, the hart itself uses its registers.
class Imsic : public Device {
  public:
    static constexpr std::uint32_t identities = 255;

    class Listener {
      public:
        virtual ~Listener() = default;
        /// The hart's external interrupt is now pending, or no longer. Only changes are told.
        virtual void external_interrupt(unsigned hart, bool pending) = 0;
    };

    Imsic(Listener& listener, unsigned hart) : listener_{listener}, hart_{hart} {}
    void reset();
    /// A message: what a store of `identity` to the page does.
    void receive(std::uint64_t identity);

    // The page.
    std::uint64_t read(std::uint64_t, unsigned) override { return 0; }
    void write(std::uint64_t offset, unsigned width, std::uint64_t value) override;

    /// The register of that number for siselect, as sireg shows it; nothing if there is none.
    std::optional<std::uint64_t> read_register(std::uint64_t number) const;
    /// Only where `read_register` has something; what a register cannot hold is not taken.
    void write_register(std::uint64_t number, std::uint64_t value);
    /// stopei: the most urgent interrupt that is pending and enabled, and more urgent than the threshold; 0: none.
    std::uint64_t top() const;
    /// A store to stopei: that interrupt is no longer pending.
    void claim();

  private:
    using Identities = std::bitset<identities + 1>;
    std::uint32_t best() const;
    void update();

    Listener& listener_;
    unsigned hart_;
    bool delivers_ = false, told_ = false;
    std::uint32_t threshold_ = 0;
    Identities pending_, enabled_;
};

}
