// SPDX-License-Identifier: Apache-2.0
#include "cli/verbs/verbs.hpp"

#include <fstream>
#include <stdexcept>

#include <fmt/format.h>

#include "cli/bundle.hpp"
#include "cli/project.hpp"

namespace {

namespace fs = std::filesystem;

void write_file(const fs::path& file, const std::vector<char>& bytes) {
    std::ofstream stream{file, std::ios::binary};
    stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!stream.flush())
        throw std::runtime_error{fmt::format("{}: cannot be written", file.string())};
}

int make_bundle(const fs::path& file, const fs::path& output) {
    auto manifest = read_manifest(file);
    if (!manifest)
        return failed;
    (void)manifest::assign_devices(*manifest);
    write_file(output, bundle::make(*manifest));
    return 0;
}

}

void add_bundle(CommandLine& line) {
    struct Options {
        fs::path manifest, output;
    };
    const auto options = std::make_shared<Options>();
    line.verb("bundle", "Pack a manifest and all that it names into an initrd for the nucleus.",
              [options] { return make_bundle(options->manifest, options->output); })
        .word("manifest", options->manifest, "the manifest, a TOML file")
        .option("-o,--output", options->output, "where to write it", true);
}
