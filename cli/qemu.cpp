// SPDX-License-Identifier: Apache-2.0
#include "cli/qemu.hpp"

#include <cstdlib>
#include <stdexcept>

#include <fmt/format.h>

namespace qemu {

namespace {

namespace fs = std::filesystem;

fs::path cache() {
    if (const char* folder = std::getenv("SUNDEW_CACHE"))
        return folder;
    if (const char* folder = std::getenv("XDG_CACHE_HOME"))
        return fs::path{folder} / "sundew";
    const char* home = std::getenv("HOME");
    return fs::path{home ? home : "/root"} / ".cache/sundew";
}

/// A QEMU that was unpacked with all libraries that it needs, from another Debian than this machine's: it runs by its
/// own dynamic loader.
std::vector<std::string> unpacked(const fs::path& root) {
    const fs::path program = root / "usr/bin/qemu-system-riscv64";
    if (!fs::exists(program))
        return {};
    for (const fs::directory_entry& folder : fs::directory_iterator{root / "usr/lib"}) {
        const fs::path libraries = folder.path();
        for (const char* name : {"ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1", "ld-linux-riscv64-lp64d.so.1"}) {
            fs::path loader = libraries / name, old = root / "lib" / libraries.filename();
            if (!fs::exists(loader))
                loader = old / name;
            if (fs::exists(loader))
                return {"env",
                        fmt::format("QEMU_MODULE_DIR={}", (libraries / "qemu").string()),
                        loader.string(),
                        "--library-path",
                        fmt::format("{}:{}", libraries.string(), old.string()),
                        program.string(),
                        "-L",
                        (root / "usr/share/qemu").string()};
        }
    }
    return {};
}

std::vector<std::string> find(const std::string& which) {
    if (which.empty())
        return {"qemu-system-riscv64"};
    if (which.find('/') != std::string::npos)
        return {which};
    auto found = unpacked(cache() / ("qemu-" + which));
    if (found.empty() && fs::exists(cache() / fmt::format("qemu-{}-is-installed", which)))
        return {"qemu-system-riscv64"};
    if (found.empty())
        throw std::runtime_error{
            fmt::format("QEMU {} is neither installed nor fetched: run ./sundew test once, or name a path", which)};
    return found;
}

}

std::vector<std::string> command(const Machine& machine) {
    std::vector<std::string> words = find(machine.qemu);
    const std::vector<std::string> rest{"-M",
                                        "virt",
                                        "-cpu",
                                        machine.cpu,
                                        "-smp",
                                        std::to_string(machine.harts),
                                        "-m",
                                        fmt::format("{}K", machine.memory >> 10),
                                        "-display",
                                        "none",
                                        "-serial",
                                        "mon:stdio",
                                        "-no-reboot",
                                        "-kernel",
                                        machine.nucleus.string(),
                                        "-initrd",
                                        machine.bundle.string()};
    words.insert(words.end(), rest.begin(), rest.end());
    words.insert(words.end(), machine.more.begin(), machine.more.end());
    return words;
}

}
