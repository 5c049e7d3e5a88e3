// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>

#include "devices/aplic.hpp"
#include "devices/imsic.hpp"
#include "devices/plic.hpp"
#include "monitors/machine/bus.hpp"
#include "monitors/machine/map.hpp"
#include "sdk/guest_memory.hpp"

namespace machine {

/// What a machine's interrupt lines lead to: a PLIC; or an APLIC, and for each hart an interrupt file that takes its
/// messages. That is one of the host's guest interrupt files where the manager has given one, else a model.
class Interrupts final : public devices::InterruptController,
                         devices::Aplic::Listener,
                         devices::Plic::Listener,
                         devices::Imsic::Listener {
  public:
    /// `harts` hears of external interrupts that are pending in the PLIC or in the model of a file.
    explicit Interrupts(devices::Plic::Listener& harts);

    bool aia() const { return aia_; }
    /// How many messages each hart can tell apart.
    std::uint32_t identities() const;
    /// Puts its registers on the bus, and those files into the guest's memory that are in hardware.
    void add_to(Bus& bus, const sdk::GuestMemory& memory);
    void reset();
    void set_level(std::uint32_t source, bool high) override;

    /// How often devices have interrupted a hart: messages to it; or how often its PLIC has had something for it.
    std::uint64_t count(unsigned hart) const { return counts_[hart]; }
    /// A hart's file in hardware, as a handle of its page; 0: it has none.
    abi::Handle hardware_file(unsigned hart) const;
    /// And the model of one; null: it has none.
    devices::Imsic* modelled_file(unsigned hart) { return models_[hart].get(); }

  private:
    void message(unsigned hart, std::uint32_t identity) override;
    void external_interrupt(unsigned hart, bool pending) override;

    bool aia_;
    devices::Plic::Listener& harts_;
    devices::Plic plic_;
    devices::Aplic aplic_{*this};
    std::array<std::uint64_t, map::hart_limit> counts_{};
    std::array<sdk::Mapping, map::hart_limit> pages_;
    std::array<std::unique_ptr<devices::Imsic>, map::hart_limit> models_;
};

}
