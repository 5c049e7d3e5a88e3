// SPDX-License-Identifier: Apache-2.0
#include "services/manager/host_facts.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

extern "C" {
#include <libfdt.h>
}

namespace {

struct HartNode {
    std::string isa, extensions; ///< extensions: NULs between
    std::uint32_t block = 0;
};

std::vector<std::byte> tree(const std::vector<HartNode>& harts) {
    std::vector<std::byte> blob(4096);
    void* fdt = blob.data();
    fdt_create(fdt, 4096);
    fdt_finish_reservemap(fdt);
    fdt_begin_node(fdt, "");
    fdt_begin_node(fdt, "chosen");
    const std::string seed(32, 'S');
    fdt_property(fdt, "rng-seed", seed.data(), 32);
    fdt_end_node(fdt);
    fdt_begin_node(fdt, "cpus");
    for (std::size_t i = 0; i < harts.size(); ++i) {
        fdt_begin_node(fdt, ("cpu@" + std::to_string(i)).c_str());
        if (!harts[i].isa.empty())
            fdt_property_string(fdt, "riscv,isa", harts[i].isa.c_str());
        if (!harts[i].extensions.empty())
            fdt_property(fdt, "riscv,isa-extensions", harts[i].extensions.c_str(),
                         static_cast<int>(harts[i].extensions.size() + 1));
        if (harts[i].block != 0)
            fdt_property_u32(fdt, "riscv,cboz-block-size", harts[i].block);
        fdt_begin_node(fdt, "interrupt-controller");
        fdt_property_string(fdt, "riscv,isa", "not a hart's");
        fdt_end_node(fdt);
        fdt_end_node(fdt);
    }
    fdt_end_node(fdt);
    fdt_end_node(fdt);
    fdt_finish(fdt);
    return blob;
}

using namespace std::string_literals;

}

TEST(HostFacts, take_the_list_of_extensions_before_the_string) {
    const auto facts = HostFacts::read(tree({{"rv64imac", "i\0m\0zicboz"s, 64}}));
    EXPECT_EQ(facts.extensions, "i m zicboz");
    EXPECT_EQ(facts.cbo_block_bytes, 64);
    EXPECT_TRUE(facts.has("zicboz"));
    EXPECT_FALSE(facts.has("zicbo"));
}

TEST(HostFacts, take_an_isa_string_apart) {
    EXPECT_EQ(HostFacts::read(tree({{"rv64imafdch_zicsr_sstc", "", 0}})).extensions, "i m a f d c h zicsr sstc");
    EXPECT_EQ(HostFacts::read(tree({{"rv64gc_sstc", "", 0}})).extensions, "i m a f d zicsr zifencei c sstc");
    EXPECT_EQ(HostFacts::read(tree({{"rv32imac", "", 0}})).extensions, "");
}

TEST(HostFacts, are_what_all_harts_have_in_common) {
    const auto facts = HostFacts::read(tree({{"", "i\0m\0v"s, 64}, {"", "i\0v\0h"s, 128}}));
    EXPECT_EQ(facts.extensions, "i v");
    EXPECT_EQ(facts.cbo_block_bytes, 0);
}

TEST(HostFacts, have_the_firmwares_seed) {
    const auto facts = HostFacts::read(tree({{"rv64i", "", 0}}));
    EXPECT_EQ(facts.seed[0], std::byte{'S'});
    EXPECT_EQ(facts.seed[31], std::byte{'S'});
}

TEST(HostFacts, of_a_broken_tree_are_none) {
    EXPECT_EQ(HostFacts::read({}).extensions, "");
}
