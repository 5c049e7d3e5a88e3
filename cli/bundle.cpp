// SPDX-License-Identifier: Apache-2.0
#include "cli/bundle.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <stdexcept>

#include <fmt/format.h>

extern "C" {
#include <libfdt.h>
}

namespace bundle {

namespace {

using Members = std::function<std::string(const std::filesystem::path&)>;

constexpr std::size_t page = 4096, header_bytes = 110;

void check(int result, const char* what) {
    if (result < 0)
        throw std::runtime_error{fmt::format("the manifest's device tree: {}: {}", what, fdt_strerror(result))};
}

std::vector<char> read_file(const std::filesystem::path& file) {
    std::ifstream stream{file, std::ios::binary};
    if (!stream)
        throw std::runtime_error{fmt::format("{}: cannot be read", file.string())};
    return {std::istreambuf_iterator<char>{stream}, {}};
}

}

void Archive::append(std::string name, std::span<const char> data, bool align, unsigned mode) {
    // More NULs than one after the name put the data at a page: the reader goes by the name's length.
    std::size_t name_bytes = name.size() + 1;
    if (align)
        name_bytes += (page - (bytes_.size() + header_bytes + name_bytes) % page) % page;
    if (name_bytes > page) { // a name may be no longer than that: an empty member first
        append("filler", {}, false);
        return append(std::move(name), data, align, mode);
    }
    const std::string header =
        fmt::format("070701{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}", 0, mode, 0,
                    0, 1, 0, data.size(), 0, 0, 0, 0, name_bytes, 0);
    const auto pad = [&] { bytes_.resize((bytes_.size() + 3) & ~std::size_t{3}); };
    bytes_.insert(bytes_.end(), header.begin(), header.end());
    name.resize(name_bytes);
    bytes_.insert(bytes_.end(), name.begin(), name.end());
    pad();
    bytes_.insert(bytes_.end(), data.begin(), data.end());
    pad();
}

void Archive::add(std::string name, std::span<const char> data) {
    constexpr std::size_t most = 0xffffffff;
    if (data.size() > most)
        throw std::runtime_error{fmt::format("{}: larger than 4 GiB, which a newc archive cannot hold", name)};
    append(std::move(name), data, true);
}

void Archive::add_program(std::string name, std::span<const char> data) {
    append(std::move(name), data, false, 0100755);
}

std::vector<char> Archive::finish() {
    append("TRAILER!!!", {}, false);
    bytes_.resize((bytes_.size() + page - 1) / page * page);
    return std::move(bytes_);
}

namespace {

/// The keys of an operating system.
void write_system(void* fdt, const manifest::Machine& machine, const Members& member) {
    const auto string = [&](const char* name, const std::string& value) {
        if (!value.empty())
            check(fdt_property_string(fdt, name, value.c_str()), name);
    };
    if (!machine.kernel_file.empty()) {
        string("kernel", member(machine.kernel_file));
        check(fdt_property_u64(fdt, "kernel-address", machine.kernel.address), "kernel-address");
        check(fdt_property_u64(fdt, "kernel-entry", machine.kernel.entry), "kernel-entry");
        check(fdt_property_u64(fdt, "kernel-memory", machine.kernel.memory), "kernel-memory");
    }
    if (!machine.initrd.empty())
        string("initrd", member(machine.initrd));
    string("command-line", machine.command_line);
    string("terminal", machine.terminal);
    check(fdt_property_u32(fdt, "console", static_cast<std::uint32_t>(machine.console)), "console");
    check(fdt_property_u32(fdt, "mmu", static_cast<std::uint32_t>(machine.mmu)), "mmu");
    constexpr std::uint32_t plic = 1; // where kernels that ask nobody look for it
    const bool may_choose = machine.irqchip != 0 || machine.kernel.reads_device_tree;
    check(fdt_property_u32(fdt, "irqchip", may_choose ? static_cast<std::uint32_t>(machine.irqchip) : plic), "irqchip");
}

void write_list(void* fdt, const char* name, const std::vector<std::string>& strings) {
    std::string list;
    for (const std::string& string : strings)
        list += string + '\0';
    if (!list.empty())
        check(fdt_property(fdt, name, list.data(), static_cast<int>(list.size())), name);
}

/// When it starts, and its part of the harts' time.
void write_lifecycle(void* fdt, const manifest::Machine& machine) {
    const auto number = [&](const char* name, std::uint64_t value) {
        check(fdt_property_u32(fdt, name, static_cast<std::uint32_t>(value)), name);
    };
    number("share", machine.share);
    number("restart", machine.restart);
    number("backoff", machine.backoff);
    number("autostart", machine.autostart);
    write_list(fdt, "after", machine.after);
}

/// After all properties: device trees have nodes behind them.
void write_disks(void* fdt, const manifest::Machine& machine, const Members& member) {
    for (std::size_t i = 0; i < machine.disks.size(); ++i) {
        const manifest::Disk& disk = machine.disks[i];
        check(fdt_begin_node(fdt, fmt::format("disk@{:x}", i).c_str()), "disk");
        if (disk.ram)
            check(fdt_property_string(fdt, "file", member(disk.file).c_str()), "file");
        else
            check(fdt_property_string(fdt, "device", disk.device.c_str()), "device");
        if (!disk.serial.empty())
            check(fdt_property_string(fdt, "serial", disk.serial.c_str()), "serial");
        if (disk.read_only)
            check(fdt_property(fdt, "read-only", nullptr, 0), "read-only");
        check(fdt_end_node(fdt), "disk");
    }
}

}

std::vector<char> device_tree(const manifest::Manifest& manifest,
                              const std::function<std::string(const std::filesystem::path&)>& member) {
    std::vector<char> tree(page + manifest.machines.size() * 3 * page);
    void* fdt = tree.data();
    check(fdt_create(fdt, static_cast<int>(tree.size())), "create");
    check(fdt_finish_reservemap(fdt), "reservations");
    check(fdt_begin_node(fdt, ""), "root");
    check(fdt_property_u32(fdt, "sundew,version", 1), "version");
    check(fdt_property_string(fdt, "sundew,manifest", manifest.file.c_str()), "file");
    for (std::size_t i = 0; i < manifest.machines.size(); ++i) {
        const manifest::Machine& machine = manifest.machines[i];
        check(fdt_begin_node(fdt, fmt::format("vm@{:x}", i).c_str()), "machine");
        check(fdt_property_string(fdt, "vm-name", machine.name.c_str()), "name");
        check(fdt_property_string(fdt, "monitor", member(machine.monitor).c_str()), "monitor");
        if (!machine.image.empty())
            check(fdt_property_string(fdt, "image", member(machine.image).c_str()), "image");
        check(fdt_property_string(fdt, "arguments", machine.arguments.c_str()), "arguments");
        check(fdt_property_u32(fdt, "cpus", static_cast<std::uint32_t>(machine.cpus)), "cpus");
        check(fdt_property_u64(fdt, "memory", machine.memory), "memory");
        check(fdt_property_u64(fdt, "heap", machine.heap), "heap");
        check(fdt_property_u32(fdt, "quota", static_cast<std::uint32_t>(machine.quota)), "quota");
        check(fdt_property_u32(fdt, "priority", static_cast<std::uint32_t>(machine.priority)), "priority");
        check(fdt_property_u64(fdt, "harts", machine.harts), "harts");
        write_lifecycle(fdt, machine);
        write_system(fdt, machine, member);
        write_list(fdt, "devices", machine.devices);
        write_disks(fdt, machine, member);
        check(fdt_end_node(fdt), "machine");
    }
    check(fdt_end_node(fdt), "root");
    check(fdt_finish(fdt), "finish");
    tree.resize(fdt_totalsize(fdt));
    return tree;
}

std::vector<char> make(const manifest::Manifest& manifest) {
    std::map<std::filesystem::path, std::string> members;
    std::map<std::filesystem::path, const std::vector<char>*> kernels; // as they are to be loaded
    std::set<std::string> names;
    const auto name = [&](const std::filesystem::path& file, const char* folder) {
        if (file.empty() || members.contains(file))
            return;
        std::string text = fmt::format("{}/{}", folder, file.filename().string());
        for (int other = 2; names.contains(text); ++other) // another file of the same name
            text = fmt::format("{}/{}-{}", folder, file.filename().string(), other);
        names.insert(text);
        members[file] = text;
    };
    for (const manifest::Machine& machine : manifest.machines) {
        name(machine.monitor, "bin");
        if (machine.system) // whose console it is; built beside the monitor
            name(machine.monitor.parent_path() / "console", "bin");
        name(machine.image, "images");
        name(machine.kernel_file, "kernels");
        name(machine.initrd, "images");
        if (!machine.kernel_file.empty())
            kernels[machine.kernel_file] = &machine.kernel.bytes;
        for (const manifest::Disk& disk : machine.disks)
            if (disk.ram)
                name(disk.file, "disks");
    }
    Archive archive;
    archive.add("manifest.dtb", device_tree(manifest, [&](const auto& file) { return members.at(file); }));
    for (const auto& [file, member] : members) {
        const auto kernel = kernels.find(file);
        archive.add(member, kernel == kernels.end() ? read_file(file) : *kernel->second);
    }
    return archive.finish();
}

}
