// SPDX-License-Identifier: Apache-2.0
#include "services/manager/manifest.hpp"

#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

extern "C" {
#include <libfdt.h>
}

namespace {

struct Tree {
    std::vector<std::byte> blob = std::vector<std::byte>(16384);
    void* fdt = blob.data();
    Tree(std::uint32_t version = 1) {
        fdt_create(fdt, static_cast<int>(blob.size()));
        fdt_finish_reservemap(fdt);
        fdt_begin_node(fdt, "");
        fdt_property_u32(fdt, "sundew,version", version);
        fdt_property_string(fdt, "sundew,manifest", "test.toml");
    }
    Tree& machine(const char* name, std::uint32_t cpus = 1, std::uint64_t memory = 4096, auto extra = [](void*) {}) {
        fdt_begin_node(fdt, ("vm@" + std::string{name}).c_str());
        fdt_property_string(fdt, "vm-name", name);
        fdt_property_string(fdt, "monitor", "bin/hello");
        fdt_property_u32(fdt, "cpus", cpus);
        fdt_property_u64(fdt, "memory", memory);
        fdt_property_u64(fdt, "heap", 4096);
        fdt_property_u32(fdt, "quota", 64);
        fdt_property_u32(fdt, "priority", 100);
        fdt_property_u64(fdt, "harts", 3);
        extra(fdt);
        fdt_end_node(fdt);
        return *this;
    }
    Tree& machine(const char* name) {
        return machine(name, 1, 4096, [](void*) {});
    }
    std::expected<bundle_manifest::Manifest, bundle_manifest::Error> read() {
        fdt_end_node(fdt);
        EXPECT_EQ(fdt_finish(fdt), 0);
        return bundle_manifest::read(blob);
    }
};

std::string wrong(Tree& tree) {
    const auto read = tree.read();
    return read ? "nothing" : std::string{read.error().property};
}

TEST(Manifest, ReadsMachinesInOrder) {
    Tree tree;
    const auto read = tree.machine("one").machine("two").read();
    ASSERT_TRUE(read);
    ASSERT_EQ(read->machines.size(), 2u);
    EXPECT_EQ(read->file, "test.toml");
    EXPECT_EQ(read->machines[1].name, "two");
    EXPECT_EQ(read->machines[0].monitor, "bin/hello");
    EXPECT_EQ(read->machines[0].memory, 4096u);
    EXPECT_EQ(read->machines[0].harts, 3u);
    EXPECT_TRUE(read->machines[0].image.empty());
}

TEST(Manifest, NamesTheKeyThatIsWrong) {
    EXPECT_EQ(wrong(Tree{}.machine("a", 0, 4096, [](void*) {})), "cpus");
    EXPECT_EQ(wrong(Tree{}.machine("a", 9, 4096, [](void*) {})), "cpus");
    EXPECT_EQ(wrong(Tree{}.machine("a", 1, 4097, [](void*) {})), "memory");
    EXPECT_EQ(wrong(Tree{}.machine("a", 1, ~0ull & ~0xfffull, [](void*) {})), "memory");
    EXPECT_EQ(wrong(Tree{}.machine("a", 1, 4096, [](void* fdt) { fdt_property_u32(fdt, "cqus", 1); })), "cqus");
    EXPECT_EQ(wrong(Tree{}.machine("a", 1, 4096, [](void* fdt) { fdt_property_u64(fdt, "quota", 1); })), "quota");
    EXPECT_EQ(wrong(Tree{}.machine("a", 1, 4096, [](void* fdt) { fdt_property(fdt, "image", "abc", 3); })), "image");
    EXPECT_EQ(wrong(Tree{}.machine("a", 1, 4096, [](void* fdt) { fdt_property(fdt, "devices", "a\0b\0c\0d\0e", 10); })),
              "devices");
    EXPECT_EQ(wrong(Tree{}.machine("a").machine("a")), "vm-name");
    EXPECT_EQ(wrong(Tree{}.machine("")), "vm-name");
    Tree newer{2};
    EXPECT_EQ(wrong(newer.machine("a")), "sundew,version");
}

TEST(Manifest, KnowsWhenMachinesStartAndWhatTheyGet) {
    Tree tree;
    const auto read = tree.machine("db")
                          .machine("web", 1, 4096,
                                   [](void* fdt) {
                                       fdt_property_u32(fdt, "share", 300);
                                       fdt_property_u32(fdt, "restart", 1);
                                       fdt_property_u32(fdt, "backoff", 5);
                                       fdt_property_u32(fdt, "autostart", 0);
                                       fdt_property(fdt, "after", "db\0log", 7);
                                   })
                          .read();
    ASSERT_TRUE(read);
    const bundle_manifest::Machine &db = read->machines[0], &web = read->machines[1];
    EXPECT_EQ(std::tuple(db.share, db.restart, db.backoff, db.autostart, db.after_count), std::tuple(100, 0, 1, 1, 0));
    EXPECT_EQ(std::tuple(web.share, web.restart, web.backoff, web.autostart), std::tuple(300, 1, 5, 0));
    ASSERT_EQ(web.after_count, 2u);
    EXPECT_EQ(web.after[1], "log");
    for (const auto& [key, value] : {std::pair{"share", 0u},
                                     {"share", 10001u},
                                     {"restart", 3u},
                                     {"backoff", 0u},
                                     {"backoff", 3601u},
                                     {"autostart", 2u}})
        EXPECT_EQ(wrong(Tree{}.machine("a", 1, 4096, [&](void* fdt) { fdt_property_u32(fdt, key, value); })), key);
    EXPECT_EQ(wrong(Tree{}.machine("a", 1, 4096, [](void* fdt) { fdt_property(fdt, "after", "a\0\0", 3); })), "after");
    EXPECT_EQ(wrong(Tree{}.machine("a", 1, 4096, [](void* fdt) { fdt_property(fdt, "after", "a\0b\0c\0d\0e", 10); })),
              "after");
}

TEST(Manifest, SurvivesEveryBrokenByte) {
    Tree tree;
    ASSERT_TRUE(tree.machine("one").machine("two").read());
    const std::size_t bytes = fdt_totalsize(tree.fdt);
    for (std::size_t at = 0; at < bytes; ++at)
        for (const unsigned bit : {0u, 4u, 7u}) {
            auto broken = tree.blob;
            broken[at] ^= std::byte{1} << bit;
            (void)bundle_manifest::read(broken);
        }
}

}
