// SPDX-License-Identifier: Apache-2.0
#include "cli/manifest.hpp"

#include <fstream>
#include <span>

#include <unistd.h>

#include <gtest/gtest.h>

#include "cli/bundle.hpp"
#include "cli/command.hpp"
#include "services/manager/cpio.hpp"
#include "services/manager/manifest.hpp"

namespace {

namespace fs = std::filesystem;

/// A folder with a program's file that is good enough, and an image.
struct Manifests : testing::Test {
    fs::path folder = fs::temp_directory_path() / ("sundew-manifest-test-" + std::to_string(getpid()));
    manifest::Folders folders{folder, folder};

    Manifests() {
        fs::create_directories(folder);
        std::ofstream{folder / "image"} << "guest";
        std::ofstream{folder / "broken"} << "not ELF";
    }
    ~Manifests() override { fs::remove_all(folder); }
    std::string complaint(const std::string& text) {
        const auto read = manifest::parse(text, "f.toml", folders);
        return read ? "nothing" : read.error().at(0);
    }
};

TEST_F(Manifests, ComplainWithFileLineAndColumn) {
    EXPECT_EQ(complaint("[[vm]]\nname = \"a\"\n  mnitor = 1\n").substr(0, 57),
              "f.toml:3:3: there is no key 'mnitor': did you mean 'monit");
    EXPECT_EQ(complaint("[[vm]]\nmemory = \"1\"\n").substr(0, 29), "f.toml:2:10: key 'memory': wr");
    EXPECT_EQ(complaint("x = \n").substr(0, 9), "f.toml:1:");
    EXPECT_NE(complaint("[[vm]]\nname = \"a\"\nmonitor = \"broken\"\n").find("is no program"), std::string::npos);
    EXPECT_NE(complaint("vm = 3\n").find("write [[vm]] tables"), std::string::npos);
}

TEST_F(Manifests, SizesHaveSuffixesAndLimits) {
    for (const char* good : {"4096", "\"4K\"", "\"2M\"", "\"1G\"", "\"1024G\""})
        EXPECT_EQ(complaint(std::string{"[[vm]]\nmemory = "} + good).find("memory"), std::string::npos) << good;
    for (const char* bad : {"0", "-1", "4095", "\"\"", "\"K\"", "\"2T\"", "\"2m\"", "\"99999999999999999999G\"",
                            "\"1025G\"", "1.5", "true"})
        EXPECT_NE(complaint(std::string{"[[vm]]\nmemory = "} + bad).find("key 'memory'"), std::string::npos) << bad;
}

TEST_F(Manifests, BecomeADeviceTreeThatTheManagerReads) {
    manifest::Manifest manifest;
    manifest.file = "f.toml";
    manifest.machines.resize(2);
    for (const char* name : {"one", "two"}) {
        manifest::Machine& machine = manifest.machines[name == std::string{"two"}];
        machine.name = name;
        machine.monitor = folder / "broken";
        machine.image = folder / "image";
        machine.devices = {"rtc@101000", "x"};
        machine.memory = 64 << 20;
        machine.share = 300;
        machine.restart = 2;
        machine.backoff = 7;
        machine.autostart = false;
        machine.after = {"one"};
    }
    const auto bundle = bundle::make(manifest);
    const auto blob = cpio::find(std::as_bytes(std::span{bundle}), "manifest.dtb");
    ASSERT_TRUE(blob);
    const auto read = bundle_manifest::read(*blob);
    ASSERT_TRUE(read);
    ASSERT_EQ(read->machines.size(), 2u);
    const bundle_manifest::Machine& two = read->machines[1];
    EXPECT_EQ(two.name, "two");
    EXPECT_EQ(two.monitor, "bin/broken");
    EXPECT_EQ(two.image, "images/image");
    EXPECT_EQ(two.device_count, 2u);
    EXPECT_EQ(two.devices[0], "rtc@101000");
    EXPECT_EQ(two.memory, 64u << 20);
    EXPECT_EQ(std::tuple(two.share, two.restart, two.backoff, two.autostart), std::tuple(300, 2, 7, 0));
    ASSERT_EQ(two.after_count, 1u);
    EXPECT_EQ(two.after[0], "one");
    EXPECT_TRUE(cpio::find(std::as_bytes(std::span{bundle}), "images/image"));
}

TEST(ManifestReference, IsMadeOfTheTableThatTheCheckerUses) {
    const fs::path page = fs::path{SUNDEW_ROOT} / "docs/manifest.md";
    std::ifstream stream{page};
    const std::string text{std::istreambuf_iterator<char>{stream}, {}};
    EXPECT_NE(text.find("\n\n" + manifest::reference() + "\n"), std::string::npos)
        << page << " must hold this table, as `sundew man --manifest` prints it:\n"
        << manifest::reference();
}

TEST(Command, QuotesWhatAShellWouldTakeApart) {
    EXPECT_EQ(command::quote({"a", "b c", "it's", "", "$x"}), "a 'b c' 'it'\\''s' '' '$x'");
    EXPECT_EQ(command::capture({"sh", "-c", "echo out; echo err >&2; exit 3"}).text, "out\nerr\n");
    EXPECT_EQ(command::capture({"sh", "-c", "exit 3"}).status, 3);
}

}
