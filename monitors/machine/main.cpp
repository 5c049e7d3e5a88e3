// SPDX-License-Identifier: Apache-2.0
// The monitor of a machine: an unmodified operating system on emulated hardware.
#include <memory>

#include "base/machine_layout.hpp"
#include "base/page.hpp"
#include "monitors/machine/isa.hpp"
#include "monitors/machine/machine.hpp"
#include "sdk/must.hpp"
#include "sdk/startup.hpp"

namespace {

/// The file of the bundle with that role, mapped to be read; empty if there is none.
sdk::Mapping map_file(const sdk::Startup::File*& file, sdk::FileRole role) {
    for (const sdk::Startup::File& each : sdk::startup().files)
        if (each.role == role) {
            file = &each;
            return sdk::must(sdk::Mapping::create(each.memory, 0, pages_for(each.bytes), abi::Rights::Read),
                             "a file of the bundle");
        }
    return {};
}

}

int main() {
    const sdk::Startup& startup = sdk::startup();
    const sdk::Startup::File *kernel = nullptr, *initrd = nullptr;
    const sdk::Mapping kernel_mapping = map_file(kernel, sdk::FileRole::Kernel);
    const sdk::Mapping initrd_mapping = map_file(initrd, sdk::FileRole::Initrd);
    const std::string_view arguments = startup.arguments;
    const bool asked_for_statistics = arguments == "statistics";
    if (!arguments.empty() && !asked_for_statistics)
        sdk::fail("'%s' means nothing to a machine: 'arguments' may be \"statistics\"", startup.arguments);
    if (!kernel)
        sdk::fail("there is no kernel: give the machine one in the manifest");
    const auto layout =
        machine_layout::place(startup.guest_bytes, {kernel->address}, std::max(kernel->memory_bytes, kernel->bytes),
                              initrd ? initrd->bytes : 0);
    if (!layout)
        sdk::fail("kernel and initrd do not fit into the guest's RAM: give the machine more 'memory'");

    const machine::Environment environment{sdk::system_info(abi::SystemFact::Henvcfg),
                                           sdk::system_info(abi::SystemFact::VectorBytes) != 0,
                                           startup.irqchip == sdk::Irqchip::Aia};
    const std::string extensions = machine::guest_extensions(startup.extensions, environment);
    constexpr std::string_view mmu_types[]{"riscv,sv39", "riscv,sv48", "riscv,sv57"};
    machine::Boot boot{};
    boot.kernel = kernel_mapping.bytes().first(kernel->bytes);
    boot.kernel_address = {kernel->address};
    boot.entry = {kernel->entry};
    if (initrd)
        boot.initrd = initrd_mapping.bytes().first(initrd->bytes);
    boot.initrd_address = layout->initrd;
    boot.tree_address = layout->tree;
    boot.command_line = startup.command_line;
    boot.extensions = extensions;
    boot.mmu_type = mmu_types[std::min<std::size_t>(startup.mmu_levels - 3, 2)];
    boot.cbo_block_bytes = static_cast<std::uint32_t>(startup.cbo_block_bytes);
    auto memory = sdk::must(sdk::GuestMemory::create(startup.guest_bytes), "guest memory");
    const auto ram = memory.region_bytes();
    const auto machine = std::make_unique<machine::Machine>(std::move(memory), ram, boot);
    const bool well = machine->run();
    if (asked_for_statistics)
        machine->statistics().print();
    return well ? 0 : 1;
}
