// SPDX-License-Identifier: Apache-2.0
#include "services/manager/manifest.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/device_tree.hpp"
#include "base/page.hpp"

namespace bundle_manifest {

namespace {

/// What a number may be. The blob holds it in `bytes` bytes.
struct NumberKey {
    std::string_view name;
    std::uint64_t Machine::* member;
    std::size_t bytes;
    std::uint64_t least, most;
    bool whole_pages, required = true;
};
constexpr std::array number_keys{
    NumberKey{"cpus", &Machine::cpus, 4, 1, 8, false},
    NumberKey{"memory", &Machine::memory, 8, page_bytes, std::uint64_t{1} << 40, true},
    NumberKey{"heap", &Machine::heap, 8, page_bytes, std::uint64_t{1} << 35, true},
    NumberKey{"quota", &Machine::quota, 4, 1, 65536, false},
    NumberKey{"priority", &Machine::priority, 4, 1, 255, false},
    NumberKey{"harts", &Machine::harts, 8, 1, ~std::uint64_t{0}, false},
    NumberKey{"kernel-address", &Machine::kernel_address, 8, 0, ~std::uint64_t{0}, false, false},
    NumberKey{"kernel-entry", &Machine::kernel_entry, 8, 0, ~std::uint64_t{0}, false, false},
    NumberKey{"kernel-memory", &Machine::kernel_memory, 8, 0, ~std::uint64_t{0}, false, false},
    NumberKey{"console", &Machine::console, 4, 0, 1, false, false},
    NumberKey{"mmu", &Machine::mmu, 4, 3, 5, false, false},
    NumberKey{"irqchip", &Machine::irqchip, 4, 0, 2, false, false},
    NumberKey{"share", &Machine::share, 4, 1, 10000, false, false},
    NumberKey{"restart", &Machine::restart, 4, 0, 2, false, false},
    NumberKey{"backoff", &Machine::backoff, 4, 1, 3600, false, false},
    NumberKey{"autostart", &Machine::autostart, 4, 0, 1, false, false},
};

struct StringKey {
    std::string_view name;
    std::string_view Machine::* member;
    std::size_t least, most;
};
constexpr std::array string_keys{
    StringKey{"vm-name", &Machine::name, 1, 31},
    StringKey{"monitor", &Machine::monitor, 1, 255},
    StringKey{"image", &Machine::image, 0, 255},
    StringKey{"arguments", &Machine::arguments, 0, 255},
    StringKey{"kernel", &Machine::kernel, 0, 255},
    StringKey{"initrd", &Machine::initrd, 0, 255},
    StringKey{"command-line", &Machine::command_line, 0, 2047},
    StringKey{"terminal", &Machine::terminal, 0, 31},
};

/// Takes a string list of at most four names.
const char* take_names(std::array<std::string_view, 4>& names, std::size_t& count, device_tree::Value value) {
    for (count = 0; value.left() != 0; ++count) {
        const std::string_view name = value.string();
        constexpr std::size_t longest = 31;
        if (value.failed() || name.empty() || name.size() > longest || count == names.size())
            return "is not a list of at most 4 names";
        names[count] = name;
    }
    return nullptr;
}

/// Takes one property; returns what is wrong with it, null for nothing.
const char* take(Machine& machine, std::string_view name, device_tree::Value value) {
    if (const auto* key = std::ranges::find(number_keys, name, &NumberKey::name); key != number_keys.end()) {
        if (value.left() != key->bytes)
            return "has the wrong size";
        const std::uint64_t number = value.number(key->bytes);
        if (number < key->least || number > key->most || (key->whole_pages && !aligned(number, page_bytes)))
            return "is out of its range";
        machine.*key->member = number;
        return nullptr;
    }
    if (const auto* key = std::ranges::find(string_keys, name, &StringKey::name); key != string_keys.end()) {
        const std::string_view string = value.string();
        if (value.failed() || value.left() != 0)
            return "is not one string";
        if (string.size() < key->least || string.size() > key->most)
            return "is too short or too long";
        machine.*key->member = string;
        return nullptr;
    }
    if (name == "devices")
        return take_names(machine.devices, machine.device_count, value);
    if (name == "after")
        return take_names(machine.after, machine.after_count, value);
    return "is not a key of the manifest";
}

/// Takes one property of a disk.
const char* take(Disk& disk, std::string_view name, device_tree::Value value) {
    constexpr std::size_t longest = 255, longest_device = 31, longest_serial = 20;
    if (name == "read-only") {
        disk.read_only = true;
        return value.left() == 0 ? nullptr : "has a value";
    }
    const std::string_view string = value.string();
    if (value.failed() || value.left() != 0)
        return "is not one string";
    if (name == "file") {
        disk.file = string;
        return string.size() <= longest ? nullptr : "is too long";
    }
    if (name == "device") {
        disk.device = string;
        return string.size() <= longest_device ? nullptr : "is too long";
    }
    if (name == "serial") {
        disk.serial = string;
        return string.size() <= longest_serial ? nullptr : "is too long";
    }
    return "is not a key of a disk";
}

/// Collects the machines: the root's properties, one node for each machine below it, one for each disk below that.
struct Visitor {
    Manifest manifest;
    std::optional<Error> error;
    std::string_view node;
    Machine machine;
    Disk disk;
    std::size_t depth = 0;
    bool version_fits = false;

    void complain(std::string_view property, const char* what) {
        if (!error)
            error = Error{node, property, what};
    }
    void reservation(std::uint64_t, std::uint64_t) {}
    void begin_node(std::string_view name) {
        node = depth == 0 ? "/" : name;
        if (++depth == 2)
            machine = {};
        if (depth > 3)
            complain({}, "has nodes of its own");
        if (depth == 3 && machine.disk_count == Machine::disk_limit)
            complain({}, "is one disk too many: 4 are the limit");
        disk = {};
    }
    void property(std::string_view name, device_tree::Value value) {
        if (depth == 3) {
            if (const char* wrong = take(disk, name, value))
                complain(name, wrong);
        } else if (depth != 1) {
            if (const char* wrong = take(machine, name, value))
                complain(name, wrong);
        } else if (name == "sundew,version") {
            version_fits = value.left() == 4 && value.cell() == 1;
        } else if (name == "sundew,manifest") {
            manifest.file = value.string();
        }
    }
    void end_node() {
        constexpr std::size_t machine_limit = 64;
        if (--depth == 2) {
            if (disk.file.empty() == disk.device.empty())
                complain({}, "is not one of a file and a device");
            if (machine.disk_count < Machine::disk_limit)
                machine.disks[machine.disk_count++] = disk;
        }
        if (depth != 1)
            return;
        for (const NumberKey& key : number_keys)
            if (key.required && machine.*key.member == 0)
                complain(key.name, "is missing");
        for (const StringKey& key : string_keys)
            if ((machine.*key.member).size() < key.least)
                complain(key.name, "is missing");
        if (std::ranges::find(manifest.machines, machine.name, &Machine::name) != manifest.machines.end())
            complain("vm-name", "is that of another machine");
        if (manifest.machines.size() == machine_limit)
            complain({}, "is one machine too many: 64 are the limit");
        else
            manifest.machines.push_back(machine);
    }
};

}

std::expected<Manifest, Error> read(std::span<const std::byte> blob) {
    Visitor visitor;
    if (!device_tree::walk(blob, visitor))
        return std::unexpected{Error{{}, {}, "is not a device tree"}};
    if (!visitor.version_fits)
        return std::unexpected{Error{"/", "sundew,version", "is not 1: this bundle is for another Sundew"}};
    if (visitor.manifest.file.empty())
        return std::unexpected{Error{"/", "sundew,manifest", "is missing"}};
    if (visitor.error)
        return std::unexpected{*visitor.error};
    return std::move(visitor.manifest);
}

}
