// SPDX-License-Identifier: Apache-2.0
#include "nucleus/page_table.hpp"

#include <map>
#include <optional>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace {

/// A memory that holds tables and keeps a record of every write.
struct RecordingMemory {
    struct Write {
        std::uint64_t address, entry;
    };
    std::map<std::uint64_t, std::uint64_t> words;
    std::vector<Write> writes;
    std::uint64_t next = 0x100'0000;
    std::size_t pages = 1000;

    std::uint64_t read(HostPhysical entry) const {
        const auto found = words.find(entry.value);
        return found == words.end() ? 0 : found->second;
    }
    void write(HostPhysical entry, std::uint64_t value) {
        EXPECT_TRUE(aligned(entry.value, 8));
        writes.push_back({entry.value, value});
        words[entry.value] = value;
    }
    std::optional<HostPhysical> allocate() {
        if (pages == 0)
            return {};
        --pages;
        next += page_bytes;
        return HostPhysical{next};
    }
};

constexpr HostPhysical root{0x80'0000};
constexpr PageTableShape sv39{3, 9}, sv39x4{3, 11}, sv48x4{4, 11};
constexpr std::uint64_t large = 2 << 20, huge = 1 << 30, flags = pte::read | pte::write | pte::user;

struct Tables : testing::Test {
    RecordingMemory memory;
    PageTable<RecordingMemory> table{root, sv39x4};

    /// What the hardware would find: the leaf's level and physical address, with its flags.
    struct Found {
        unsigned level;
        std::uint64_t physical, flags;
        friend bool operator==(const Found&, const Found&) = default;
    };
    std::optional<Found> translate(std::uint64_t address, PageTableShape shape = sv39x4) const {
        std::uint64_t at = root.value;
        for (unsigned level = shape.levels; level-- > 0;) {
            const unsigned bits = level == shape.levels - 1 ? shape.root_bits : 9;
            const std::uint64_t entry = memory.read({at + (address >> (12 + 9 * level) & ((1u << bits) - 1)) * 8});
            if ((entry & pte::valid) == 0)
                return {};
            if ((entry & pte::leaf) != 0) {
                const std::uint64_t size = page_bytes << (9 * level);
                EXPECT_TRUE(aligned(pte::physical(entry).value, size)) << "a misaligned large page";
                EXPECT_EQ(entry & pte::accessed_dirty, pte::accessed_dirty);
                return Found{level, pte::physical(entry).value + (address & (size - 1)),
                             entry & (pte::leaf | pte::user)};
            }
            at = pte::physical(entry).value;
        }
        ADD_FAILURE() << "no leaf at the last level";
        return {};
    }
    void map_all(std::uint64_t address, std::uint64_t physical, std::uint64_t pages) {
        for (std::uint64_t done = 0; done < pages;) {
            const auto step =
                table.map(memory, address + done * page_bytes, {physical + done * page_bytes}, pages - done, flags);
            ASSERT_TRUE(step);
            done += *step;
        }
    }
};

TEST_F(Tables, MapsOnePageWithOneLeafAndItsTables) {
    ASSERT_EQ(table.map(memory, 0x8000'0000, {0x1234'5000}, 1, flags), 1u);
    EXPECT_EQ(translate(0x8000'0123), (Found{0, 0x1234'5123, flags}));
    EXPECT_FALSE(translate(0x8000'1000));
    ASSERT_EQ(memory.writes.size(), 3u); // two tables, linked from above, and the leaf last
    EXPECT_EQ(memory.writes[0].address, root.value + 2 * 8);
    EXPECT_EQ(memory.writes[2].entry, pte::entry({0x1234'5000}, flags | pte::valid | pte::accessed_dirty));
}

TEST_F(Tables, UsesTheLargestPagesThatFit) {
    map_all(huge, huge, (huge + 2 * large + 4096) / 4096);
    EXPECT_EQ(translate(huge)->level, 2u);
    EXPECT_EQ(translate(2 * huge)->level, 1u);
    EXPECT_EQ(translate(2 * huge + 2 * large)->level, 0u);
    memory = {};
    map_all(huge, huge + 4096, 2 * large / 4096); // the physical address does not fit
    EXPECT_EQ(translate(huge)->level, 0u);
}

TEST_F(Tables, ReachesTheLastPageOfEachShape) {
    for (const PageTableShape shape : {sv39, sv39x4, sv48x4}) {
        memory = {};
        table = {root, shape};
        const std::uint64_t last = shape.limit() - page_bytes;
        ASSERT_EQ(table.map(memory, last, {0x5000}, 1, flags), 1u);
        EXPECT_EQ(translate(last, shape), (Found{0, 0x5000, flags}));
    }
    EXPECT_EQ(sv39.limit(), 1ull << 39);
    EXPECT_EQ(sv39x4.limit(), 1ull << 41);
    EXPECT_EQ(sv48x4.limit(), 1ull << 50);
}

TEST_F(Tables, RefusesToMapOverSomethingAndLeavesItAlone) {
    map_all(0, 0x4000'0000, 512); // one large page
    memory.writes.clear();
    EXPECT_EQ(table.map(memory, 5 * page_bytes, {0x1000}, 1, flags).error(), abi::Error::AlreadyMapped);
    EXPECT_EQ(table.map(memory, 0, {0x1000}, 1, flags).error(), abi::Error::AlreadyMapped);
    EXPECT_EQ(table.map(memory, 0, {0x8000'0000}, 512, flags).error(), abi::Error::AlreadyMapped);
    EXPECT_TRUE(memory.writes.empty());
}

TEST_F(Tables, MapsALargePiecePageByPageWhereSmallPagesWere) {
    map_all(0, 0x4000'0000, 1);
    ASSERT_TRUE(table.protect(memory, 0, 1, 0));
    map_all(0, 0x4000'0000, 512); // its table stays, so no large page fits
    EXPECT_EQ(translate(0)->level, 0u);
    EXPECT_EQ(translate(511 * page_bytes), (Found{0, 0x4000'0000 + 511 * page_bytes, flags}));
}

TEST_F(Tables, SaysHowFarItCameWhenPagesForTablesRunOut) {
    memory.pages = 2;
    const auto done = table.map(memory, large - 2 * page_bytes, {0}, 4, flags); // into the next table
    EXPECT_EQ(done, 2u);
    EXPECT_EQ(table.map(memory, large, {0}, 1, flags).error(), abi::Error::OutOfQuota);
    EXPECT_TRUE(translate(large - page_bytes));
}

TEST_F(Tables, DoesABoundedPieceOfALargeRange) {
    const auto done = table.map(memory, page_bytes, {0}, 100'000, flags);
    EXPECT_EQ(done, PageTable<RecordingMemory>::bound);
    map_all(huge, huge, 5000);
    const auto gone = table.protect(memory, huge + page_bytes, 4000, 0);
    ASSERT_TRUE(gone);
    EXPECT_LT(memory.writes.size(), 20'000u);
}

TEST_F(Tables, SplitsALargePageWithoutChangingAnythingElse) {
    map_all(0, huge, huge / page_bytes);
    memory.writes.clear();
    ASSERT_EQ(table.protect(memory, 5 * large + 7 * page_bytes, 1, pte::read | pte::user), 1u);
    EXPECT_EQ(translate(5 * large + 7 * page_bytes),
              (Found{0, huge + 5 * large + 7 * page_bytes, pte::read | pte::user}));
    EXPECT_EQ(translate(5 * large + 8 * page_bytes), (Found{0, huge + 5 * large + 8 * page_bytes, flags}));
    EXPECT_EQ(translate(6 * large), (Found{1, huge + 6 * large, flags}));
    // Every new table was filled before it was linked, so that a walk meanwhile finds the same translation.
    EXPECT_EQ(memory.writes[512].address, root.value);
    EXPECT_EQ(memory.writes[512].entry & pte::leaf, 0u);
}

TEST_F(Tables, UnmapsLargePagesWholeAndPassesHolesOver) {
    map_all(huge, huge, 512 * 4);
    memory.writes.clear();
    std::uint64_t done = 0;
    while (done < huge / page_bytes * 3) {
        const auto step = table.protect(memory, done * page_bytes, huge / page_bytes * 3 - done, 0);
        ASSERT_TRUE(step);
        done += *step;
    }
    EXPECT_EQ(memory.writes.size(), 4u);
    EXPECT_FALSE(translate(huge));
}

TEST_F(Tables, ProtectingAHoleIsAnError) {
    EXPECT_EQ(table.protect(memory, 0, 1, flags).error(), abi::Error::NotMapped);
    map_all(0, 0, 2);
    EXPECT_EQ(table.protect(memory, 0, 3, pte::read), 2u);
    EXPECT_EQ(table.protect(memory, 2 * page_bytes, 1, pte::read).error(), abi::Error::NotMapped);
}

/// Thousands of random operations, with a map from page to page as the oracle.
TEST_F(Tables, AgreesWithAModelOverRandomOperations) {
    std::mt19937_64 random{1};
    std::map<std::uint64_t, std::pair<std::uint64_t, std::uint64_t>> model;
    memory.pages = 100'000;
    for (int i = 0; i < 3000; ++i) {
        const std::uint64_t first = random() % 2048, pages = 1 + random() % 600,
                            to = random() % 4 == 0 ? random() % 4096 : first + 512;
        const bool mapping = random() % 2 == 0;
        const std::uint64_t with = random() % 2 == 0 ? flags : pte::read | pte::user;
        const auto done = mapping ? table.map(memory, first * page_bytes, {to * page_bytes}, pages, with)
                                  : table.protect(memory, first * page_bytes, pages, 0);
        for (std::uint64_t page = 0; page < done.value_or(0); ++page)
            if (mapping)
                ASSERT_TRUE(model.emplace(first + page, std::pair{to + page, with}).second) << "mapped over something";
            else
                model.erase(first + page);
        if (mapping && !done)
            EXPECT_EQ(done.error(), abi::Error::AlreadyMapped);
    }
    for (std::uint64_t page = 0; page < 3000; ++page) {
        const auto found = translate(page * page_bytes);
        const auto expected = model.find(page);
        ASSERT_EQ(found.has_value(), expected != model.end()) << page;
        if (found) {
            EXPECT_EQ(found->physical, expected->second.first * page_bytes);
            EXPECT_EQ(found->flags, expected->second.second);
        }
    }
}

}
