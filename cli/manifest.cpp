// SPDX-License-Identifier: Apache-2.0
#include "cli/manifest.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "base/machine_layout.hpp"
#include "cli/manifest_keys.hpp"
#include "cli/manifest_order.hpp"
#include "cli/nearest.hpp"
#include "cli/qemu.hpp"

namespace manifest {

namespace {

namespace fs = std::filesystem;

/// What only all keys together tell: whether the kernel is there, and whether everything fits into the RAM.
void check_system(const Machine& machine, const toml::table& table, const Context& context) {
    if (!table.contains("kernel"))
        return context.complain(table, "a machine needs the key 'kernel': name a kernel's file, or \"debian:kernel\"");
    if (machine.kernel.bytes.empty())
        return; // said already
    std::error_code error;
    const std::uint64_t initrd = machine.initrd.empty() ? 0 : fs::file_size(machine.initrd, error);
    if (error)
        return; // the same
    const auto layout = machine_layout::place(machine.memory, {machine.kernel.address}, machine.kernel.memory, initrd);
    if (layout)
        return;
    const toml::node& memory = table.contains("memory") ? *table.get("memory") : static_cast<const toml::node&>(table);
    const std::uint64_t mebibytes = machine.memory >> 20;
    switch (layout.error()) {
    case machine_layout::Error::RamTooSmall:
        return context.complain(memory,
                                fmt::format("key 'memory': {} MiB are too few, or not a multiple of 2 MiB: a machine "
                                            "needs at least {} MiB",
                                            mebibytes, machine_layout::least_ram_bytes >> 20));
    case machine_layout::Error::KernelOutside:
        return context.complain(memory,
                                fmt::format("key 'memory': the kernel ({}) wants {} MiB of RAM from {:#x} on, and the "
                                            "machine's {} MiB end before that: give it more",
                                            machine.kernel.kind, (machine.kernel.memory >> 20) + 1,
                                            machine.kernel.address, mebibytes));
    case machine_layout::Error::InitrdTooLarge:
        return context.complain(memory,
                                fmt::format("key 'memory': the initrd's {} MiB do not fit beside the kernel into {} "
                                            "MiB: give the machine more",
                                            (initrd >> 20) + 1, mebibytes));
    }
}

/// What a machine's monitor needs, with half as much again or more: for threads and traces of its virtual CPUs, for its
/// disks, and, of the nucleus's pool, for the page tables by which it sees files of the bundle and its guest's RAM.
std::uint64_t heap_for(const Machine& machine) {
    constexpr std::uint64_t base = 224 << 10, of_cpu = 72 << 10, of_disk = 64 << 10;
    return base + machine.cpus * of_cpu + machine.disks.size() * of_disk;
}
std::uint64_t quota_for(const Machine& machine) {
    constexpr std::uint64_t base = 24, of_cpu = 6, of_disk = 4, table_bytes = 2 << 20, large_table_bytes = 1 << 30;
    std::error_code error;
    std::uint64_t quota =
        base + machine.cpus * of_cpu + machine.disks.size() * of_disk + 2 * (machine.memory / large_table_bytes + 1);
    const auto mapped = [&](std::uint64_t bytes) { quota += bytes / table_bytes + 1; };
    mapped(machine.kernel.bytes.size());
    if (!machine.initrd.empty())
        mapped(fs::file_size(machine.initrd, error));
    for (const Disk& disk : machine.disks)
        if (disk.ram)
            mapped(fs::file_size(disk.file, error));
    return error ? base : quota; // which has been complained of
}

Machine read_machine(const toml::table& table, const Context& context) {
    Machine machine;
    machine.system = table["kind"].value_exact<std::string>() == "machine";
    if (machine.system) {
        machine.monitor = context.folders.programs / "machine";
        machine.memory = 512 << 20;
    }
    for (const auto& [name, value] : table) {
        const std::string_view text = name.str();
        const auto key = std::ranges::find(vm_keys(), text, &Key::name);
        if (key == vm_keys().end()) {
            std::vector<std::string> names;
            for (const Key& each : vm_keys())
                names.emplace_back(each.name);
            context.complain(name.source(),
                             fmt::format("there is no key '{}': did you mean '{}'?", text, nearest(text, names)));
        } else if (const auto wrong = key->take(machine, value, context)) {
            context.complain(value, fmt::format("key '{}': {}", text, *wrong));
        }
    }
    for (const Key& key : vm_keys())
        if (key.required && !table.contains(key.name))
            context.complain(table, fmt::format("a [[vm]] needs the key '{}': {}", key.name, key.meaning));
    if (!machine.system && !table.contains("monitor"))
        context.complain(
            table, "a [[vm]] needs the key 'kind' or 'monitor': write kind = \"machine\" for an operating system");
    if (machine.system && !table.contains("heap"))
        machine.heap = heap_for(machine);
    if (machine.system && !table.contains("quota"))
        machine.quota = quota_for(machine);
    if (machine.system)
        check_system(machine, table, context);
    return machine;
}

/// Disks of the host: each device is one machine's, and each file one device's, unless nobody writes to it.
void check_disks(const Machine& machine, const toml::table& table, const Manifest& before, const Context& context) {
    if (!table.contains("disk"))
        return;
    const toml::node& node = *table.get("disk");
    std::vector<const Disk*> taken;
    for (const Machine& other : before.machines)
        for (const Disk& disk : other.disks)
            if (!disk.ram)
                taken.push_back(&disk);
    for (const Disk& disk : machine.disks) {
        if (disk.ram)
            continue;
        std::error_code error;
        for (const Disk* other : taken)
            if (!(disk.read_only && other->read_only) && fs::equivalent(disk.file, other->file, error))
                return context.complain(node, fmt::format("key 'disk': '{}' is named twice: make a copy of it, or say "
                                                          "read_only = true or ram = true in both places",
                                                          disk.file.string()));
        taken.push_back(&disk);
    }
    if (taken.size() > qemu::drive_limit)
        context.complain(node, fmt::format("key 'disk': with these there are {} disks that are not in RAM, but the "
                                           "host has room for {}: say ram = true for some",
                                           taken.size(), qemu::drive_limit));
}

/// `[bench]`: what `sundew bench` is to know of the host.
void read_bench(const toml::table& table, Manifest& manifest, const Context& context) {
    for (const auto& [name, value] : table) {
        const auto number = value.value_exact<std::int64_t>();
        if (name.str() == "harts" && number && *number >= 1 && *number <= 8)
            manifest.bench_harts = static_cast<std::uint64_t>(*number);
        else
            context.complain(value,
                             fmt::format("'{}' in [bench]: only 'harts', from 1 to 8, is known there", name.str()));
    }
}

}

std::expected<Manifest, Complaints> parse(std::string_view text, const fs::path& file, const Folders& folders) {
    Complaints complaints;
    const Context context{file, folders, complaints};
    toml::table root;
    try {
        root = toml::parse(text, file.string());
    } catch (const toml::parse_error& error) {
        const auto& at = error.source().begin;
        return std::unexpected{
            Complaints{fmt::format("{}:{}:{}: {}", file.string(), at.line, at.column, error.description())}};
    }
    Manifest manifest;
    manifest.file = file.string();
    for (const auto& [name, value] : root) {
        if (name.str() == "bench" && value.is_table()) {
            read_bench(*value.as_table(), manifest, context);
        } else if (name.str() == "vm" && value.is_array_of_tables()) {
            for (const toml::node& each : *value.as_array()) {
                Machine machine = read_machine(*each.as_table(), context);
                const bool taken = std::ranges::count(manifest.machines, machine.name, &Machine::name) != 0 ||
                                   std::ranges::count(folders.others, machine.name) != 0;
                if (!machine.name.empty() && taken)
                    context.complain(
                        *each.as_table()->get("name"),
                        fmt::format("key 'name': another machine is called '{}': give each its own", machine.name));
                check_disks(machine, *each.as_table(), manifest, context);
                manifest.machines.push_back(std::move(machine));
            }
            check_order(manifest.machines, *value.as_array(), context);
        } else {
            context.complain(name.source(), fmt::format("'{}' is not known here: write [[vm]] tables", name.str()));
        }
    }
    constexpr std::size_t machine_limit = 64;
    if (complaints.empty() && manifest.machines.empty())
        complaints.push_back(fmt::format("{}:1:1: there is no machine: write a [[vm]] table", file.string()));
    if (manifest.machines.size() > machine_limit)
        complaints.push_back(
            fmt::format("{}:1:1: {} machines are too many: 64 are the limit", file.string(), manifest.machines.size()));
    if (!complaints.empty())
        return std::unexpected{complaints};
    return manifest;
}

std::expected<Manifest, Complaints> read(const fs::path& file, const Folders& folders) {
    std::ifstream stream{file, std::ios::binary};
    if (!stream)
        return std::unexpected{
            Complaints{fmt::format("{}: cannot be read: name a manifest that is there", file.string())}};
    const std::string text{std::istreambuf_iterator<char>{stream}, {}};
    return parse(text, file, folders);
}

std::vector<const Disk*> assign_devices(Manifest& manifest) {
    std::vector<const Disk*> disks;
    bool terminal = false;
    for (Machine& machine : manifest.machines) {
        for (Disk& disk : machine.disks)
            if (!disk.ram) {
                disk.device = qemu::drive_device(disks.size());
                disks.push_back(&disk);
            }
        if (machine.system && !std::exchange(terminal, true))
            machine.terminal = qemu::serial_device;
    }
    return disks;
}

std::string reference() {
    std::string text = "| key | meaning |\n| --- | --- |\n";
    for (const Key& key : vm_keys())
        text += fmt::format("| `{}` | {}{} |\n", key.name, key.meaning, key.required ? " (required)" : "");
    return text;
}

std::string describe_keys() {
    std::string text;
    for (const Key& key : vm_keys())
        text += fmt::format("  {:<10} {}{}\n", key.name, key.meaning, key.required ? " (required)" : "");
    return text;
}

}
