// SPDX-License-Identifier: Apache-2.0
#include "services/manager/cpio.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "cli/bundle.hpp"

namespace {

std::span<const std::byte> bytes(const std::vector<char>& text) {
    return std::as_bytes(std::span{text});
}

std::vector<char> archive() {
    bundle::Archive archive;
    archive.add("one", std::string_view{"first"});
    archive.add("two", std::vector<char>(5000, 'x'));
    archive.add(std::string(200, 'n'), std::string_view{""});
    return archive.finish();
}

TEST(Cpio, FindsWhatTheToolHasPacked) {
    const auto all = archive();
    const auto one = cpio::find(bytes(all), "one"), two = cpio::find(bytes(all), "two"),
               empty = cpio::find(bytes(all), std::string(200, 'n'));
    ASSERT_TRUE(one && two && empty);
    EXPECT_EQ(one->size(), 5u);
    EXPECT_EQ(static_cast<char>((*one)[0]), 'f');
    EXPECT_EQ(two->size(), 5000u);
    EXPECT_TRUE(empty->empty());
    for (const auto& member : {*one, *two}) // in pages, to be handed out
        EXPECT_EQ((reinterpret_cast<const char*>(member.data()) - all.data()) % 4096, 0);
    EXPECT_EQ(cpio::find(bytes(all), "three").error(), cpio::Error::NotFound);
}

TEST(Cpio, SaysWhatIsWrong) {
    auto all = archive();
    EXPECT_EQ(cpio::find({}, "one").error(), cpio::Error::Truncated);
    EXPECT_EQ(cpio::find(bytes(std::vector<char>(4096)), "one").error(), cpio::Error::BadHeader);
    auto broken = all;
    broken[54] = 'g'; // the size is not a number
    EXPECT_EQ(cpio::find(bytes(broken), "one").error(), cpio::Error::BadHeader);
    broken = all;
    broken[54] = 'f'; // the size is far too much
    EXPECT_EQ(cpio::find(bytes(broken), "two").error(), cpio::Error::Truncated);
    broken = all;
    for (std::size_t at = 94; at < 102; ++at)
        broken[at] = '0'; // a name of no bytes
    EXPECT_EQ(cpio::find(bytes(broken), "one").error(), cpio::Error::BadName);
}

TEST(Cpio, EndsOnEveryTruncation) {
    const auto all = archive();
    for (std::size_t size = 0; size + 4200 < all.size(); size += 13) {
        const std::vector<char> cut(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(size));
        EXPECT_FALSE(cpio::find(bytes(cut), "none")) << size;
    }
}

}
