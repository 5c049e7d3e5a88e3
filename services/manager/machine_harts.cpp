// SPDX-License-Identifier: Apache-2.0
// Where a machine's virtual CPUs run, and by what their interrupts come.
#include <algorithm>
#include <bit>

#include "services/manager/machine.hpp"

namespace {

/// Member `index` of a set, counted around and around.
std::uint64_t member(std::uint64_t set, std::uint64_t index) {
    for (index %= static_cast<std::uint64_t>(std::popcount(set)); index != 0; --index)
        set &= set - 1;
    return static_cast<std::uint64_t>(std::countr_zero(set));
}

}

/// Virtual CPUs are spread over the harts that the machine may use, and stay there. If it is the host that decides on
/// the interrupt controller, it is an AIA only if each gets a file of its hart: without one it costs more than a PLIC.
abi::Result<void> Machine::grant_virtual_cpus(const bundle_manifest::Machine& machine, Memories& memories,
                                              sdk::Startup& startup) {
    using bundle_manifest::Machine;
    const std::size_t cpus = std::min<std::size_t>(machine.cpus, std::size(startup.virtual_cpus));
    const bool may_have_files = !machine.kernel.empty() && machine.irqchip != Machine::plic;
    std::vector<std::optional<InterruptFiles::File>> files(cpus);
    bool all = may_have_files;
    for (std::size_t i = 0; i < cpus; ++i) {
        startup.virtual_cpus[i].hart = member(machine.harts, i);
        if (may_have_files)
            files[i] = memories.files().take(startup.virtual_cpus[i].hart);
        all = all && files[i];
    }
    const bool aia = may_have_files && (all || machine.irqchip == Machine::aia);
    startup.irqchip = aia ? sdk::Irqchip::Aia : sdk::Irqchip::Plic;
    for (const auto& file : files)
        if (file && aia)
            files_.push_back(*file);
        else if (file)
            memories.files().give(*file);
    for (std::size_t i = 0; aia && i < cpus; ++i) {
        if (!files[i])
            continue;
        const auto page = memories.files().handle(*files[i]);
        const auto slot =
            page ? grant(page->slot(), abi::Rights::Read | abi::Rights::Write) : std::unexpected{page.error()};
        if (!slot)
            return std::unexpected{slot.error()};
        startup.virtual_cpus[i].file = *slot;
    }
    return {};
}
