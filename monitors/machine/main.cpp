// SPDX-License-Identifier: Apache-2.0
// The monitor of a machine: an unmodified operating system on emulated hardware.
#include "base/page.hpp"
#include "monitors/machine/machine.hpp"
#include "sdk/must.hpp"
#include "sdk/startup.hpp"

int main() {
    const sdk::Startup& startup = sdk::startup();
    auto memory = sdk::must(sdk::GuestMemory::create(startup.guest_bytes), "guest memory");
    const sdk::Mapping image = sdk::must(
        sdk::Mapping::create(sdk::granted::image, 0, pages_for(startup.image_bytes), abi::Rights::Read), "kernel");
    machine::Boot boot;
    constexpr std::size_t kernel_bytes = 32 << 20;
    boot.kernel = image.bytes().first(kernel_bytes);
    boot.initrd = image.bytes().subspan(kernel_bytes, startup.image_bytes - kernel_bytes);
    boot.kernel_address = boot.entry = {0x8020'0000};
    boot.initrd_address = {0x8800'0000};
    boot.tree_address = {0x8000'0000 + startup.guest_bytes - (2 << 20)};
    boot.command_line = startup.arguments;
    boot.extensions = "i m a f d c zicsr zifencei zicntr zba zbb zbs sstc";
    boot.mmu_type = "riscv,sv48";
    const auto ram = memory.region_bytes();
    const auto machine = std::make_unique<machine::Machine>(std::move(memory), ram, boot);
    return machine->run() ? 0 : 1;
}
