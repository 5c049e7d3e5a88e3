// SPDX-License-Identifier: Apache-2.0
#include "cli/verbs/verbs.hpp"

#include <fmt/format.h>

#include "cli/control/text.hpp"
#include "cli/project.hpp"

namespace {

int check_as_json(const std::filesystem::path& file) {
    const auto manifest = manifest::read(file, Project{}.folders);
    std::vector<std::string> machines, complaints;
    if (manifest)
        for (const manifest::Machine& machine : manifest->machines)
            machines.push_back(text::json(machine.name));
    else
        for (const std::string& complaint : manifest.error())
            complaints.push_back(text::json(complaint));
    fmt::print("{{\"file\": {}, \"machines\": [{}], \"complaints\": [{}]}}\n", text::json(file.string()),
               fmt::join(machines, ", "), fmt::join(complaints, ", "));
    return manifest ? 0 : failed;
}

int check(const std::filesystem::path& file) {
    const auto manifest = read_manifest(file, false);
    if (!manifest)
        return failed;
    fmt::print("{}: all is well, {} machine{}\n", file.string(), manifest->machines.size(),
               manifest->machines.size() == 1 ? "" : "s");
    return 0;
}

}

void add_check(CommandLine& line) {
    struct Options {
        std::filesystem::path file;
        bool json = false;
    };
    const auto options = std::make_shared<Options>();
    line.verb("check", "Check a manifest and say what is wrong with it.",
              [options] { return options->json ? check_as_json(options->file) : check(options->file); })
        .word("manifest", options->file, "the manifest, a TOML file")
        .flag("--json", options->json, "as JSON");
}
