// SPDX-License-Identifier: Apache-2.0
#include "cli/project.hpp"

#include <gtest/gtest.h>

namespace {

constexpr std::uint64_t mebibyte = 1 << 20, gibibyte = 1 << 30;

std::uint64_t host_for(std::uint64_t machine, std::uint64_t bundle) {
    manifest::Manifest manifest;
    manifest.machines.resize(1);
    manifest.machines[0].memory = machine;
    return memory_for(manifest, bundle);
}

}

TEST(HostMemory, has_room_for_the_machine_above_the_bundle) {
    EXPECT_EQ(host_for(2 * mebibyte, mebibyte), 0u); // whatever QEMU has
    EXPECT_GE(host_for(512 * mebibyte, 46 * mebibyte), (512 + 512 + 46) * mebibyte);
}

TEST(HostMemory, has_room_for_a_large_machine_above_the_device_tree_too) {
    for (const std::uint64_t machine : {gibibyte, 2 * gibibyte})
        EXPECT_GE(host_for(machine, 76 * mebibyte), gibibyte + machine);
}

TEST(HostMemory, has_a_pool_for_the_quotas_of_many_machines) {
    constexpr std::uint64_t page = 4096, pool_share = 576,
                            of_the_manager = 3; // a machine's channels, process and tables
    manifest::Manifest manifest;
    manifest.machines.resize(64);
    EXPECT_GE(memory_for(manifest, mebibyte) / pool_share,
              manifest.machines.size() * (manifest.machines[0].quota + of_the_manager) * page);
}

TEST(HostMemory, is_never_such_that_an_emulator_takes_the_bundle_for_too_large) {
    constexpr std::uint64_t bundle_address = 0x8820'0000, bundle = 76 * mebibyte;
    for (std::uint64_t machine = 2 * mebibyte; machine < 3 * gibibyte; machine += 2 * mebibyte) {
        const std::uint64_t memory = host_for(machine, bundle);
        EXPECT_TRUE(memory <= bundle_address || memory - bundle_address >= bundle) << machine;
    }
}
