// SPDX-License-Identifier: Apache-2.0
#include "nucleus/fdt.hpp"

#include <vector>

#include <gtest/gtest.h>

extern "C" {
#include <libfdt.h>
}

namespace {

/// A machine of two harts as QEMU describes one, made by the reference implementation.
std::vector<std::byte> make_tree() {
    std::vector<std::byte> tree(8192);
    void* fdt = tree.data();
    const auto reg = [&](std::uint64_t first, std::uint64_t bytes) {
        const fdt64_t words[]{cpu_to_fdt64(first), cpu_to_fdt64(bytes)};
        EXPECT_EQ(fdt_property(fdt, "reg", words, sizeof words), 0);
    };
    fdt_create(fdt, static_cast<int>(tree.size()));
    fdt_add_reservemap_entry(fdt, 0x8000'0000, 0x40000);
    fdt_finish_reservemap(fdt);
    fdt_begin_node(fdt, "");
    fdt_begin_node(fdt, "reserved-memory");
    fdt_begin_node(fdt, "firmware@80000000");
    reg(0x8004'0000, 0x20000);
    fdt_end_node(fdt);
    fdt_end_node(fdt);
    fdt_begin_node(fdt, "memory@80000000");
    reg(0x8000'0000, 0x1000'0000);
    fdt_end_node(fdt);
    fdt_begin_node(fdt, "cpus");
    fdt_property_u32(fdt, "timebase-frequency", 10'000'000);
    for (const std::uint32_t hart : {0u, 1u, 2u}) {
        const char* names[]{"cpu@0", "cpu@1", "cpu@2"};
        fdt_begin_node(fdt, names[hart]);
        fdt_property_u32(fdt, "reg", hart);
        if (hart == 2)
            fdt_property_string(fdt, "status", "disabled");
        fdt_begin_node(fdt, "interrupt-controller");
        fdt_property_u32(fdt, "phandle", 10 + hart);
        fdt_end_node(fdt);
        fdt_end_node(fdt);
    }
    fdt_end_node(fdt);
    fdt_begin_node(fdt, "plic@c000000");
    const fdt32_t contexts[]{cpu_to_fdt32(10), cpu_to_fdt32(11), cpu_to_fdt32(10), cpu_to_fdt32(9)};
    fdt_property(fdt, "interrupts-extended", contexts, sizeof contexts);
    fdt_property_u32(fdt, "riscv,ndev", 95);
    fdt_property_string(fdt, "compatible", "riscv,plic0");
    reg(0xc00'0000, 0x60'0000);
    fdt_end_node(fdt);
    const auto strings = [&](const char* name, const char* text) { fdt_property_string(fdt, name, text); };
    for (const std::uint32_t interrupt : {9u, 11u}) { // the supervisor's files and domain, and machine mode's
        fdt_begin_node(fdt, interrupt == 9 ? "imsics@28000000" : "imsics@24000000");
        const fdt32_t harts[]{cpu_to_fdt32(10), cpu_to_fdt32(interrupt), cpu_to_fdt32(11), cpu_to_fdt32(interrupt)};
        fdt_property(fdt, "interrupts-extended", harts, sizeof harts);
        strings("compatible", "riscv,imsics");
        fdt_property_u32(fdt, "riscv,num-ids", 255);
        fdt_property_u32(fdt, "riscv,num-guest-ids", 63);
        fdt_property_u32(fdt, "riscv,guest-index-bits", 2);
        reg(interrupt == 9 ? 0x2800'0000 : 0x2400'0000, 0x8000);
        fdt_end_node(fdt);
        fdt_begin_node(fdt, interrupt == 9 ? "aplic@d000000" : "aplic@c000000");
        strings("compatible", "riscv,aplic");
        fdt_property_u32(fdt, "riscv,num-sources", 96);
        fdt_property_u32(fdt, "msi-parent", 6);
        if (interrupt == 11)
            fdt_property_u32(fdt, "riscv,children", 8);
        reg(interrupt == 9 ? 0xd00'0000 : 0xc00'0000, 0x8000);
        fdt_end_node(fdt);
    }
    fdt_begin_node(fdt, "chosen");
    fdt_property_u32(fdt, "linux,initrd-start", 0x8800'0000);
    fdt_property_u64(fdt, "linux,initrd-end", 0x8800'1000);
    fdt_end_node(fdt);
    fdt_end_node(fdt);
    EXPECT_EQ(fdt_finish(fdt), 0);
    tree.resize(fdt_totalsize(fdt));
    return tree;
}

TEST(Fdt, FindsWhatTheNucleusMustKnow) {
    MachineFacts facts;
    ASSERT_TRUE(read_device_tree(make_tree(), facts));
    EXPECT_EQ(facts.harts.count, 2u); // the disabled one is none
    EXPECT_EQ(facts.harts.items[1].interrupt_controller, 11u);
    ASSERT_EQ(facts.ram.count, 1u);
    EXPECT_EQ(facts.ram.items[0], (HostRange{{0x8000'0000}, 0x1000'0000}));
    EXPECT_EQ(facts.reserved.count, 2u);
    EXPECT_EQ(facts.initrd, (HostRange{{0x8800'0000}, 0x1000}));
    EXPECT_EQ(facts.plic, (HostRange{{0xc00'0000}, 0x60'0000}));
    EXPECT_EQ(facts.plic_lines, 95u);
    EXPECT_EQ(facts.plic_contexts.count, 2u);
    EXPECT_EQ(facts.timebase_hertz, 10'000'000u);
}

TEST(Fdt, FindsTheControllersOfMessagesThatAreTheSupervisors) {
    MachineFacts facts;
    ASSERT_TRUE(read_device_tree(make_tree(), facts));
    EXPECT_EQ(facts.aplic, (HostRange{{0xd00'0000}, 0x8000}));
    EXPECT_EQ(facts.aplic_lines, 96u);
    EXPECT_EQ(facts.imsics, (HostRange{{0x2800'0000}, 0x8000}));
    EXPECT_EQ(facts.imsic_identities, 63u); // those that every file has
    EXPECT_EQ(facts.imsic_guest_index_bits, 2u);
    ASSERT_EQ(facts.imsic_harts.count, 2u);
    EXPECT_EQ(facts.imsic_harts.items[1].interrupt_controller, 11u);
}

TEST(Fdt, SurvivesEveryTruncationAndEveryBrokenByte) {
    const auto good = make_tree();
    for (std::size_t bytes = 0; bytes < good.size(); ++bytes) {
        MachineFacts facts;
        const std::vector<std::byte> cut{good.begin(), good.begin() + static_cast<std::ptrdiff_t>(bytes)};
        EXPECT_FALSE(read_device_tree(cut, facts));
    }
    for (std::size_t at = 0; at < good.size(); ++at)
        for (const unsigned bit : {0u, 7u}) {
            auto broken = good;
            broken[at] ^= std::byte{1} << bit;
            MachineFacts facts;
            (void)read_device_tree(broken, facts); // whatever it says, it ends and stays inside
        }
}

}
