// SPDX-License-Identifier: Apache-2.0
// A machine of any description: its device tree is one that libfdt finds whole, or there is an error.
#include "monitors/machine/device_tree.hpp"

#include "tests/fuzz/input.hpp"

extern "C" {
#include <libfdt.h>
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input{{data, size}};
    machine::Description machine;
    machine.ram = {{input.next<std::uint64_t>()}, input.next<std::uint64_t>()};
    machine.harts = input.next() < 240 ? input.next() % 12 : input.next<std::uint64_t>();
    machine.timebase_hertz = input.next<std::uint32_t>();
    machine.cbo_block_bytes = input.next<std::uint32_t>();
    machine.initrd = {{input.next<std::uint64_t>()}, input.next<std::uint64_t>()};
    machine.virtio = input.next();
    machine.extensions = input.text(input.next<std::uint16_t>());
    machine.mmu_type = input.text(input.next());
    std::string line{input.text(input.next<std::uint16_t>())};
    for (unsigned doublings = input.next() % 16; doublings != 0 && line.size() < 1 << 20; --doublings)
        line += line;
    machine.command_line = line;
    const auto tree = machine::make_device_tree(machine);
    if (!tree) {
        fuzz::must(tree.error() != nullptr && *tree.error() != '\0');
        return 0;
    }
    fuzz::must(fdt_check_full(tree->data(), tree->size()) == 0);
    fuzz::must(tree->size() <= 64 << 10);
    const int harts = fdt_path_offset(tree->data(), "/cpus");
    fuzz::must(harts > 0);
    std::size_t count = 0;
    for (int node = fdt_first_subnode(tree->data(), harts); node >= 0; node = fdt_next_subnode(tree->data(), node))
        ++count;
    fuzz::must(count == machine.harts);
    return 0;
}
