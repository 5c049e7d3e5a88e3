// SPDX-License-Identifier: Apache-2.0
#include "monitors/machine/interrupts.hpp"

#include <algorithm>

#include "sdk/device.hpp"
#include "sdk/must.hpp"
#include "sdk/startup.hpp"

namespace machine {

namespace {

std::size_t hart_count() {
    return std::min<std::size_t>(sdk::startup().cpus, map::hart_limit);
}

}

Interrupts::Interrupts(devices::Plic::Listener& harts)
    : aia_{sdk::startup().irqchip == sdk::Irqchip::Aia}, harts_{harts},
      plic_{*this, static_cast<std::uint32_t>(hart_count())} {
    devices::Imsic::Listener& listener = *this;
    for (unsigned hart = 0; aia_ && hart < hart_count(); ++hart)
        if (const abi::Handle page = hardware_file(hart))
            pages_[hart] = sdk::must(sdk::Mapping::create(page, 0, 1), "an interrupt file");
        else
            models_[hart] = std::make_unique<devices::Imsic>(listener, hart);
}

std::uint32_t Interrupts::identities() const {
    const std::uint64_t host = sdk::system_info(abi::SystemFact::MessageIdentities);
    return host == 0 ? devices::Imsic::identities
                     : static_cast<std::uint32_t>(std::min<std::uint64_t>(host, devices::Imsic::identities));
}

abi::Handle Interrupts::hardware_file(unsigned hart) const {
    return aia_ && hart < hart_count() ? sdk::startup().virtual_cpus[hart].file : 0;
}

void Interrupts::add_to(Bus& bus, const sdk::GuestMemory& memory) {
    if (!aia_) {
        bus.add(map::plic, plic_);
        const GuestPhysical enables{map::plic.first.value + devices::Plic::enable_base};
        return sdk::must(memory.show(plic_.enable_page(), enables), "a PLIC's enable bits for the guest");
    }
    bus.add(map::aplic, aplic_);
    for (unsigned hart = 0; hart < hart_count(); ++hart)
        if (const abi::Handle page = hardware_file(hart))
            sdk::must(memory.map(page, 0, map::interrupt_file(hart).first, 1, abi::Rights::Read | abi::Rights::Write),
                      "an interrupt file for the guest");
        else
            bus.add(map::interrupt_file(hart), *models_[hart]);
}

/// Files in hardware are emptied when their harts start.
void Interrupts::reset() {
    plic_.reset();
    aplic_.reset();
    for (const auto& model : models_)
        if (model)
            model->reset();
}

void Interrupts::set_level(std::uint32_t source, bool high) {
    if (aia_)
        aplic_.set_level(source, high);
    else
        plic_.set_level(source, high);
}

void Interrupts::external_interrupt(unsigned hart, bool pending) {
    if (hart >= hart_count())
        return;
    if (pending && !aia_)
        ++counts_[hart];
    harts_.external_interrupt(hart, pending);
}

void Interrupts::message(unsigned hart, std::uint32_t identity) {
    if (hart >= hart_count())
        return;
    ++counts_[hart];
    if (models_[hart])
        return models_[hart]->receive(identity);
    sdk::Device::fence(); // what was written to memory is there before the message
    *reinterpret_cast<volatile std::uint32_t*>(pages_[hart].bytes().data()) = identity; // seteipnum_le
}

}
