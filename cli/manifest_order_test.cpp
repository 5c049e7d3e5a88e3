// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "cli/manifest.hpp"

namespace {

/// What is complained of when machines of these names have these lists for `after`; each in four lines, `after` the
/// third.
std::vector<std::string> complaints(std::initializer_list<std::pair<const char*, const char*>> machines,
                                    std::vector<std::string> others = {}) {
    std::string text;
    for (const auto& [name, after] : machines)
        text += std::string{"[[vm]]\nname = \""} + name + "\"\nafter = " + after + "\n\n";
    const auto read = manifest::parse(text, "f.toml", {.programs = {}, .images = {}, .others = std::move(others)});
    std::vector<std::string> found;
    if (!read)
        for (const std::string& complaint : read.error())
            if (complaint.find("key 'after'") != std::string::npos || complaint.find("key 'name'") != std::string::npos)
                found.push_back(complaint);
    return found;
}

using Complaints = std::vector<std::string>;

TEST(ManifestOrder, IsFineWithoutACircle) {
    EXPECT_EQ(complaints({{"a", "[]"}, {"b", "[\"a\", \"c\"]"}, {"c", "[\"a\"]"}}), Complaints{});
    EXPECT_EQ(complaints({{"a", "[\"old\"]"}}, {"old"}), Complaints{});
}

TEST(ManifestOrder, NamesWhatIsNotThereAndTheNearest) {
    EXPECT_EQ(complaints({{"log", "[]"}, {"web", "[\"lag\"]"}}),
              Complaints{"f.toml:7:9: key 'after': there is no machine 'lag': did you mean 'log'?"});
}

TEST(ManifestOrder, FindsCircles) {
    const char* waits = "waits for itself in the end: let one of these machines go first";
    EXPECT_EQ(complaints({{"a", "[\"a\"]"}}), Complaints{std::string{"f.toml:3:9: key 'after': 'a' "} + waits});
    EXPECT_EQ(complaints({{"first", "[]"}, {"a", "[\"first\", \"c\"]"}, {"b", "[\"a\"]"}, {"c", "[\"b\"]"}}),
              Complaints{std::string{"f.toml:7:9: key 'after': 'a' "} + waits});
}

TEST(ManifestOrder, IsNotAskedOfNamesThatAreThereTwice) {
    EXPECT_EQ(complaints({{"a", "[]"}, {"a", "[]"}}),
              Complaints{"f.toml:6:8: key 'name': another machine is called 'a': give each its own"});
}

TEST(ManifestOrder, WantsAListOfAtMostFour) {
    const Complaints wrong{"f.toml:3:9: key 'after': write a list of at most 4 names of machines"};
    EXPECT_EQ(complaints({{"a", "3"}}), wrong);
    EXPECT_EQ(complaints({{"a", "[3]"}}), wrong);
    EXPECT_EQ(complaints({{"a", "[]"}, {"b", "[\"a\", \"a\", \"a\", \"a\", \"a\"]"}})[0].substr(0, 11), "f.toml:7:9:");
}

TEST(ManifestOrder, KnowsTheMachinesThatTheSystemHas) {
    EXPECT_EQ(complaints({{"old", "[]"}}, {"old"}),
              Complaints{"f.toml:2:8: key 'name': another machine is called 'old': give each its own"});
}

}
