// SPDX-License-Identifier: Apache-2.0
#include "services/manager/plan.hpp"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "base/page.hpp"
#include "services/manager/cpio.hpp"

std::unexpected<std::string> complain(const char* format, ...) {
    char line[400];
    std::va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    return std::unexpected{std::string{line}};
}

namespace {

constexpr std::uint64_t program_end = sdk::heap_address;
constexpr const char* again = "make the bundle again with `sundew bundle`";

std::unexpected<std::string> complain_about(const bundle_manifest::Manifest& manifest,
                                            const bundle_manifest::Machine& machine, const char* key,
                                            std::string_view what, const char* why, const char* remedy) {
    return complain("%.*s: machine '%.*s': key '%s': '%.*s': %s: %s", TEXT(manifest.file), TEXT(machine.name), key,
                    TEXT(what), why, remedy);
}

/// Where a member of the bundle lies in it, in whole pages.
struct Place {
    std::uint64_t page, bytes;
};

OrComplaint<Place> find_member(const bundle_manifest::Manifest& manifest, const bundle_manifest::Machine& machine,
                               std::span<const std::byte> bundle, const char* key, std::string_view name) {
    const auto member = cpio::find(bundle, name);
    if (!member)
        return complain_about(manifest, machine, key, name, cpio::describe(member.error()), again);
    const auto offset = static_cast<std::uint64_t>(member->data() - bundle.data());
    if (member->empty() || !aligned(offset, page_bytes))
        return complain_about(manifest, machine, key, name, "it is empty or does not begin at a page", again);
    return Place{offset / page_bytes, member->size()};
}

void copy_serial(std::span<char> to, std::string_view serial) {
    std::memcpy(to.data(), serial.data(), std::min(serial.size(), to.size() - 1));
}

/// Everything that the machine gets out of the bundle, but its program.
OrComplaint<void> find_files(const bundle_manifest::Manifest& manifest, std::span<const std::byte> bundle, Plan& plan) {
    const bundle_manifest::Machine& machine = plan.machine;
    const auto find = [&](const char* key, std::string_view name) {
        return find_member(manifest, machine, bundle, key, name);
    };
    if (!machine.image.empty()) {
        const auto image = find("image", machine.image);
        if (!image)
            return std::unexpected{image.error()};
        plan.image_page = image->page;
        plan.image_bytes = image->bytes;
    }
    const auto add = [&](const char* key, std::string_view name, sdk::Startup::File told) -> OrComplaint<void> {
        const auto file = find(key, name);
        if (!file)
            return std::unexpected{file.error()};
        told.bytes = file->bytes;
        plan.files.push_back({file->page, told});
        return {};
    };
    OrComplaint<void> added;
    if (!machine.kernel.empty()) {
        sdk::Startup::File told{};
        told.role = sdk::FileRole::Kernel;
        told.address = machine.kernel_address;
        told.entry = machine.kernel_entry;
        told.memory_bytes = machine.kernel_memory;
        added = add("kernel", machine.kernel, told);
    }
    if (added && !machine.initrd.empty()) {
        sdk::Startup::File told{};
        told.role = sdk::FileRole::Initrd;
        added = add("initrd", machine.initrd, told);
    }
    for (std::size_t i = 0; added && i < machine.disk_count; ++i)
        if (const bundle_manifest::Disk& disk = machine.disks[i]; !disk.file.empty()) {
            sdk::Startup::File told{};
            told.role = sdk::FileRole::Disk;
            told.writable = !disk.read_only;
            told.order = i;
            copy_serial(told.serial, disk.serial);
            added = add("disk", disk.file, told);
        }
    return added;
}

/// The devices of the host that the machine gets: those of the manifest's list, and disks.
OrComplaint<void> find_devices(const bundle_manifest::Manifest& manifest, std::span<const host_devices::Device> devices,
                               Plan& plan) {
    const bundle_manifest::Machine& machine = plan.machine;
    const auto add = [&](const char* key, std::string_view name) -> OrComplaint<void> {
        const auto device = std::ranges::find(devices, name, &host_devices::Device::name);
        if (device == devices.end() || !device_memory(*device))
            return complain_about(manifest, machine, key, name, "the host has no such device to give away",
                                  "name a node of its device tree that has registers");
        if (std::ranges::find(plan.devices, name, &host_devices::Device::name) != plan.devices.end())
            return complain_about(manifest, machine, key, name, "is named twice", "name it once");
        if (plan.devices.size() == std::size(sdk::Startup{}.devices))
            return complain_about(manifest, machine, key, name, "is one device too many", "8 are the limit");
        plan.devices.push_back(*device);
        return {};
    };
    OrComplaint<void> added;
    for (std::size_t i = 0; added && i < machine.device_count; ++i)
        added = add("devices", machine.devices[i]);
    for (std::size_t i = 0; added && i < machine.disk_count; ++i)
        if (const bundle_manifest::Disk& disk = machine.disks[i]; !disk.device.empty()) {
            sdk::Startup::HostDisk told{};
            told.device = plan.devices.size();
            told.writable = !disk.read_only;
            told.order = i;
            copy_serial(told.serial, disk.serial);
            plan.host_disks.push_back(told);
            added = add("disk", disk.device);
        }
    return added;
}

/// What one machine needs, found in the bundle and checked against the machine that there is.
OrComplaint<Plan> make_plan(const bundle_manifest::Manifest& manifest, const bundle_manifest::Machine& machine,
                            std::span<const std::byte> bundle, std::span<const host_devices::Device> devices) {
    Plan plan;
    plan.machine = machine;
    const auto complain_of = [&](const char* key, std::string_view what, const char* why, const char* remedy) {
        return complain_about(manifest, machine, key, what, why, remedy);
    };
    const auto file = cpio::find(bundle, machine.monitor);
    if (!file)
        return complain_of("monitor", machine.monitor, cpio::describe(file.error()), again);
    const auto program = elf::read(*file, sdk::program_address, program_end);
    if (!program)
        return complain_of("monitor", machine.monitor, elf::describe(program.error()), "link it with the SDK");
    plan.program = *program;
    if (const auto found = find_files(manifest, bundle, plan); !found)
        return std::unexpected{found.error()};
    const std::uint64_t harts = sdk::system_info(abi::SystemFact::Harts), all = ~std::uint64_t{0} >> (64 - harts);
    if (machine.harts != ~std::uint64_t{0} && (machine.harts & ~all) != 0)
        return complain(
            "%.*s: machine '%.*s': key 'harts': it names a hart that is not there: use 0 to %lu, or give the "
            "host more harts",
            TEXT(manifest.file), TEXT(machine.name), harts - 1);
    plan.machine.harts &= all;
    constexpr auto aia = static_cast<std::uint64_t>(abi::SystemFeature::Aia);
    if (machine.irqchip == bundle_manifest::Machine::aia && (sdk::system_info(abi::SystemFact::Features) & aia) == 0)
        return complain_of("irqchip", "aia", "the host has no AIA",
                           "write \"auto\", or give the host one, as QEMU's -M virt,aia=aplic-imsic,aia-guests=3 does");
    if (const auto found = find_devices(manifest, devices, plan); !found)
        return std::unexpected{found.error()};
    return plan;
}

/// Whether one plan's devices are another's too.
OrComplaint<void> check_devices(const bundle_manifest::Manifest& manifest, const Plan& plan, const Plan& other) {
    for (const host_devices::Device& device : plan.devices)
        if (std::ranges::find(other.devices, device.name, &host_devices::Device::name) != other.devices.end())
            return complain("%.*s: machine '%.*s': key 'devices': '%.*s' is machine '%.*s''s: give it to one of them",
                            TEXT(manifest.file), TEXT(plan.machine.name), TEXT(device.name), TEXT(other.machine.name));
    return {};
}

/// Whether what the machine is to start after is there.
OrComplaint<void> check_order(const bundle_manifest::Manifest& manifest, const bundle_manifest::Machine& machine,
                              std::span<const Plan* const> others) {
    for (const std::string_view name : std::span{machine.after}.first(machine.after_count)) {
        const auto is_it = [&](const Plan* plan) { return plan->machine.name == name; };
        if (std::ranges::find(manifest.machines, name, &bundle_manifest::Machine::name) == manifest.machines.end() &&
            std::ranges::none_of(others, is_it))
            return complain_about(manifest, machine, "after", name, "there is no such machine",
                                  "name one that is there");
    }
    return {};
}

}

OrComplaint<std::vector<Plan>> make_plans(const bundle_manifest::Manifest& manifest, abi::Handle memory,
                                          std::span<const std::byte> bundle,
                                          std::span<const host_devices::Device> devices, std::uint64_t free_pages,
                                          std::span<const Plan* const> others) {
    std::vector<Plan> plans;
    // For each machine some of the manager's own, beside the quota: the process, and tables for what is mapped of it.
    // As cli/project.cpp reckons.
    constexpr std::uint64_t for_each = 4;
    std::uint64_t pages = 0, quota = 0;
    const std::uint64_t quota_left =
        sdk::call(abi::Call::ProcessReport, abi::own_process, abi::ReportWord::PagesLeft).value_or(0);
    for (const bundle_manifest::Machine& machine : manifest.machines) {
        auto plan = make_plan(manifest, machine, bundle, devices);
        if (!plan)
            return std::unexpected{plan.error()};
        plan->bundle = memory;
        if (machine.autostart != 0) {
            pages += plan->pages();
            quota += machine.quota + for_each;
        }
        if (pages > free_pages || plan->pages() > free_pages)
            return complain(
                "%.*s: machine '%.*s': key 'memory': with this machine %lu KiB are wanted, but only %lu KiB are "
                "free: lower 'memory', or give the host more",
                TEXT(manifest.file), TEXT(machine.name), std::max(pages, plan->pages()) * page_bytes >> 10,
                free_pages * page_bytes >> 10);
        if (quota >= quota_left)
            return complain(
                "%.*s: machine '%.*s': key 'quota': with this machine %lu pages of the nucleus's pool are wanted, "
                "but it has %lu: lower 'quota', or give the host more memory",
                TEXT(manifest.file), TEXT(machine.name), quota, quota_left);
        if (const auto ordered = check_order(manifest, machine, others); !ordered)
            return std::unexpected{ordered.error()};
        for (const Plan& other : plans)
            if (const auto apart = check_devices(manifest, *plan, other); !apart)
                return std::unexpected{apart.error()};
        for (const Plan* other : others)
            if (const auto apart = check_devices(manifest, *plan, *other); !apart)
                return std::unexpected{apart.error()};
        plans.push_back(std::move(*plan));
    }
    return plans;
}
