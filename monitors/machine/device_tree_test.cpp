// SPDX-License-Identifier: Apache-2.0
#include "monitors/machine/device_tree.hpp"

#include <string>

#include <gtest/gtest.h>

extern "C" {
#include <libfdt.h>
}

namespace {

machine::Description description() {
    machine::Description machine;
    machine.ram = {machine::map::ram, 512 << 20};
    machine.harts = 2;
    machine.timebase_hertz = 10'000'000;
    machine.extensions = "i m a f d c zicsr sstc";
    machine.cbo_block_bytes = 64;
    machine.mmu_type = "riscv,sv48";
    machine.command_line = "console=hvc0 root=/dev/vda";
    machine.initrd = {{0x9000'0000}, 0x1234};
    machine.seed.fill(std::byte{0x5a});
    machine.virtio[0] = machine.virtio[machine::map::console_slot] = true;
    return machine;
}

/// A property's bytes, or a failure.
std::string property(const std::vector<std::byte>& tree, const char* path, const char* name) {
    const int node = fdt_path_offset(tree.data(), path);
    int bytes = 0;
    const void* value = node < 0 ? nullptr : fdt_getprop(tree.data(), node, name, &bytes);
    EXPECT_NE(value, nullptr) << path << " " << name;
    return value ? std::string{static_cast<const char*>(value), static_cast<std::size_t>(bytes)} : std::string{};
}

using namespace std::string_literals;

}

TEST(DeviceTree, is_whole) {
    const auto tree = machine::make_device_tree(description());
    ASSERT_TRUE(tree);
    EXPECT_EQ(fdt_check_full(tree->data(), tree->size()), 0);
}

TEST(DeviceTree, tells_of_interrupt_files_and_an_aplic_in_place_of_the_plic) {
    auto machine = description();
    machine.message_identities = 255;
    const auto tree = machine::make_device_tree(machine);
    ASSERT_TRUE(tree);
    EXPECT_EQ(fdt_check_full(tree->data(), tree->size()), 0);
    constexpr const char* files = "/soc/interrupt-controller@28000000";
    constexpr const char* aplic = "/soc/interrupt-controller@d000000";
    EXPECT_EQ(property(*tree, files, "riscv,num-ids"), "\0\0\0\xff"s);
    EXPECT_EQ(property(*tree, files, "reg"), "\0\0\0\0\x28\0\0\0\0\0\0\0\0\0\x20\0"s);
    EXPECT_EQ(property(*tree, files, "interrupts-extended"), "\0\0\0\x10\0\0\0\x09\0\0\0\x11\0\0\0\x09"s);
    EXPECT_EQ(property(*tree, aplic, "msi-parent"), property(*tree, files, "phandle"));
    EXPECT_EQ(property(*tree, "/soc/serial@10000000", "interrupt-parent"), property(*tree, aplic, "phandle"));
    EXPECT_EQ(property(*tree, "/soc/serial@10000000", "interrupts"), "\0\0\0\x0a\0\0\0\x04"s);
    EXPECT_EQ(property(*tree, "/soc/virtio_mmio@10001000", "interrupts"), "\0\0\0\x01\0\0\0\x01"s);
    EXPECT_LT(fdt_path_offset(tree->data(), "/soc/plic@c000000"), 0);
}

TEST(DeviceTree, has_room_for_what_a_boot_loader_adds_in_place) {
    auto tree = machine::make_device_tree(description());
    ASSERT_TRUE(tree);
    const std::string added(4096, 'x');
    EXPECT_EQ(fdt_setprop(tree->data(), fdt_path_offset(tree->data(), "/chosen"), "bootargs", added.data(), 4096), 0);
    EXPECT_EQ(fdt_check_full(tree->data(), tree->size()), 0);
}

TEST(DeviceTree, says_what_the_boot_loader_is_to_say) {
    const auto tree = machine::make_device_tree(description());
    ASSERT_TRUE(tree);
    EXPECT_EQ(property(*tree, "/chosen", "bootargs"), "console=hvc0 root=/dev/vda\0"s);
    EXPECT_EQ(property(*tree, "/chosen", "linux,initrd-start"), "\0\0\0\0\x90\0\0\0"s);
    EXPECT_EQ(property(*tree, "/chosen", "linux,initrd-end"), "\0\0\0\0\x90\0\x12\x34"s);
    EXPECT_EQ(property(*tree, "/chosen", "rng-seed"), std::string(32, '\x5a'));
    EXPECT_EQ(property(*tree, "/memory@80000000", "reg"), "\0\0\0\0\x80\0\0\0\0\0\0\0\x20\0\0\0"s);
}

TEST(DeviceTree, has_no_initrd_where_there_is_none) {
    auto machine = description();
    machine.initrd = {};
    const auto tree = machine::make_device_tree(machine);
    ASSERT_TRUE(tree);
    const int chosen = fdt_path_offset(tree->data(), "/chosen");
    EXPECT_EQ(fdt_getprop(tree->data(), chosen, "linux,initrd-start", nullptr), nullptr);
}

TEST(DeviceTree, describes_each_hart_in_both_spellings) {
    const auto tree = machine::make_device_tree(description());
    ASSERT_TRUE(tree);
    for (const char* hart : {"/cpus/cpu@0", "/cpus/cpu@1"}) {
        EXPECT_EQ(property(*tree, hart, "riscv,isa"), "rv64imafdc_zicsr_sstc\0"s);
        EXPECT_EQ(property(*tree, hart, "riscv,isa-extensions"), "i\0m\0a\0f\0d\0c\0zicsr\0sstc\0"s);
        EXPECT_EQ(property(*tree, hart, "mmu-type"), "riscv,sv48\0"s);
    }
    EXPECT_LT(fdt_path_offset(tree->data(), "/cpus/cpu@2"), 0);
}

TEST(DeviceTree, connects_the_plic_to_two_contexts_of_each_hart) {
    const auto tree = machine::make_device_tree(description());
    ASSERT_TRUE(tree);
    EXPECT_EQ(property(*tree, "/soc/plic@c000000", "interrupts-extended"),
              "\0\0\0\x10\0\0\0\x0b\0\0\0\x10\0\0\0\x09\0\0\0\x11\0\0\0\x0b\0\0\0\x11\0\0\0\x09"s);
}

TEST(DeviceTree, lists_only_the_virtio_slots_that_hold_a_device) {
    const auto tree = machine::make_device_tree(description());
    ASSERT_TRUE(tree);
    EXPECT_EQ(property(*tree, "/soc/virtio_mmio@10001000", "interrupts"), "\0\0\0\x01"s);
    EXPECT_EQ(property(*tree, "/soc/virtio_mmio@10005000", "interrupts"), "\0\0\0\x05"s);
    EXPECT_LT(fdt_path_offset(tree->data(), "/soc/virtio_mmio@10002000"), 0);
}

TEST(DeviceTree, that_would_be_too_large_is_an_error) {
    auto machine = description();
    const std::string endless(100'000, 'x');
    machine.command_line = endless;
    EXPECT_FALSE(machine::make_device_tree(machine));
}

TEST(DeviceTree, of_more_harts_than_a_machine_can_have_is_an_error) {
    auto machine = description();
    machine.harts = machine::map::hart_limit;
    EXPECT_TRUE(machine::make_device_tree(machine));
    for (const std::size_t harts : {machine::map::hart_limit + 1, ~std::size_t{0}}) {
        machine.harts = harts;
        EXPECT_FALSE(machine::make_device_tree(machine));
    }
}
