// SPDX-License-Identifier: Apache-2.0
#include "nucleus/pool.hpp"

#include <algorithm>
#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace {

struct Object {
    static constexpr auto kind = abi::Kind::Event;
};

struct Pages : testing::Test {
    static constexpr std::size_t count = 64;
    struct alignas(4 * page_bytes) Page {
        std::byte bytes[page_bytes];
    };
    std::vector<Page> memory = std::vector<Page>(count);
    Pool pool{{memory[0].bytes, count* page_bytes}, {0x8000'0000}};
    Account account{.payer = nullptr, .left = pool.pages(), .first = 0};

    Pages() { account.payer = &account; }
};

TEST_F(Pages, GivesAllOfItselfAndTakesItBack) {
    const std::uint64_t all = pool.pages();
    EXPECT_EQ(all, count - 1); // the descriptors
    std::set<void*> given;
    while (void* page = pool.allocate(account))
        EXPECT_TRUE(given.insert(page).second);
    EXPECT_EQ(given.size(), all);
    EXPECT_EQ(account.left, 0u);
    while (!pool.release_all(account, 7))
        ;
    EXPECT_EQ(account.left, all);
    EXPECT_EQ(account.first, 0u);
}

TEST_F(Pages, GivesZeroedPagesAlsoWhenTheyWereUsed) {
    auto* page = static_cast<std::byte*>(pool.allocate(account));
    std::fill_n(page, page_bytes, std::byte{0xa5});
    pool.release(account, page);
    auto* again = static_cast<std::byte*>(pool.allocate(account));
    ASSERT_EQ(again, page);
    EXPECT_TRUE(std::all_of(again, again + page_bytes, [](std::byte each) { return each == std::byte{0}; }));
}

TEST_F(Pages, EveryLifeOfAPageHasASerialOfItsOwn) {
    std::set<std::uint64_t> serials;
    for (int life = 0; life < 100; ++life) {
        void* page = pool.allocate(account, abi::Kind::Event);
        EXPECT_TRUE(serials.insert(pool.serial(page)).second);
        pool.release(account, page);
        EXPECT_EQ(pool.serial(page), 0u);
    }
}

TEST_F(Pages, FourPagesAreAlignedToTheirSizeAndCostFour) {
    const std::uint64_t before = account.left;
    void* four = pool.allocate(account, abi::Kind::None, 4);
    ASSERT_TRUE(four);
    EXPECT_TRUE(aligned(pool.physical(four).value, 4 * page_bytes));
    EXPECT_EQ(account.left, before - 4);
    pool.release(account, four);
    EXPECT_EQ(account.left, before);
}

TEST_F(Pages, AGuestSpendsItsProcesssQuotaAndNoMore) {
    Account process{.payer = nullptr, .left = 3, .first = 0}, guest{.payer = &process, .left = 0, .first = 0};
    process.payer = &process;
    account.left -= 3;
    EXPECT_TRUE(pool.allocate(guest));
    EXPECT_TRUE(pool.allocate(process));
    EXPECT_FALSE(pool.allocate(guest, abi::Kind::None, 4));
    EXPECT_TRUE(pool.allocate(guest));
    EXPECT_FALSE(pool.allocate(guest));
    EXPECT_FALSE(pool.allocate(process));
    EXPECT_TRUE(pool.release_all(guest, 100));
    EXPECT_EQ(process.left, 2u);
}

TEST_F(Pages, FindsTheObjectsOfAnAccountByKind) {
    void* first = pool.allocate(account, Object::kind);
    (void)pool.allocate(account);
    void* second = pool.allocate(account, Object::kind);
    auto* found = pool.next<Object>(account, nullptr);
    EXPECT_EQ(found, second); // the newest first
    found = pool.next<Object>(account, found);
    EXPECT_EQ(found, first);
    EXPECT_EQ(pool.next<Object>(account, found), nullptr);
}

}
