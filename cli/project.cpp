// SPDX-License-Identifier: Apache-2.0
#include "cli/project.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <sys/mman.h>
#include <unistd.h>

#include <fmt/format.h>

#include "cli/cache.hpp"
#include "cli/command.hpp"

namespace fs = std::filesystem;

Project::Project()
    : root{fs::canonical("/proc/self/exe").parent_path() / "../../.."},
      target{fs::weakly_canonical(root / "build/target")},
      folders{target / "bin", target / "images", cache_folder() / "debian"} {}

int fetch_artefacts(const std::vector<std::string>& names, bool anew) {
    std::vector<std::string> words{(Project{}.root / "tools/fetch-debian").string()};
    if (anew)
        words.push_back("--force");
    words.insert(words.end(), names.begin(), names.end());
    return command::run(words);
}

std::optional<manifest::Manifest> read_manifest(const fs::path& file, bool fetch, std::vector<std::string> others) {
    manifest::Folders folders = Project{}.folders;
    folders.others = std::move(others);
    if (fetch)
        folders.fetch = [](const std::string& name) { (void)fetch_artefacts({name}); };
    auto manifest = manifest::read(file, folders);
    if (manifest)
        return std::move(*manifest);
    for (const std::string& complaint : manifest.error())
        fmt::print(stderr, "{}\n", complaint);
    return {};
}

fs::path memory_file(const std::vector<char>& bytes) {
    const int file = memfd_create("bundle", 0);
    for (std::size_t done = 0; done < bytes.size();) {
        const ssize_t written = write(file, bytes.data() + done, bytes.size() - done);
        if (written < 0)
            throw std::system_error{errno, std::generic_category(), "the bundle"};
        done += static_cast<std::size_t>(written);
    }
    return fmt::format("/proc/self/fd/{}", file);
}

std::uint64_t memory_for(const manifest::Manifest& manifest, std::uint64_t bundle_bytes) {
    constexpr std::uint64_t spare = 64 << 20;
    // The nucleus's pool is this share of the RAM (nucleus/boot.cpp); the manager and the console service use some of
    // it, and for each machine some more.
    constexpr std::uint64_t pool_share = 576, pool_least = 2 << 20, page = 4096, others = 64, for_each = 4;
    std::uint64_t bytes = bundle_bytes + spare, largest = 0, quota = others;
    for (const manifest::Machine& machine : manifest.machines) {
        bytes += machine.memory + machine.heap;
        quota += machine.quota + for_each;
        largest = std::max(largest, machine.memory);
        for (const manifest::Disk& disk : machine.disks)
            bytes += disk.ram ? fs::file_size(disk.file) : 0;
    }
    // QEMU puts the bundle into the middle of the RAM, or 512 MiB behind the nucleus: room for it all above that.
    // QEMU 7.2 puts it lower and the device tree at the end of the first GiB: a machine that does not fit between has
    // to lie above.
    constexpr std::uint64_t small = 192 << 20, between = 832 << 20;
    const std::uint64_t below = bundle_bytes + largest > between ? 1 << 30 : 512 << 20;
    const std::uint64_t for_pool = quota * page > pool_least ? quota * page * pool_share : 0;
    if (bytes <= small && for_pool == 0)
        return 0;
    const auto rounded = [](std::uint64_t memory) { return (memory + spare - 1) / spare * spare; };
    // QEMU 7.2 takes the bundle's address, not its distance from the RAM's base, off the RAM's size to see whether it
    // fits.
    constexpr std::uint64_t bundle_address = 0x8820'0000;
    const std::uint64_t memory = std::max(rounded(bytes + below), rounded(for_pool));
    return memory > bundle_address ? std::max(memory, rounded(bundle_address + bundle_bytes)) : memory;
}
