// SPDX-License-Identifier: Apache-2.0
// The first program: it owns all that the nucleus does not need, starts what the manifest names, gives it just that,
// and tells how it ended.
#include <algorithm>
#include <bit>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <expected>
#include <string>
#include <vector>

#include "abi/boot.hpp"
#include "base/page.hpp"
#include "sdk/event.hpp"
#include "sdk/log.hpp"
#include "sdk/mapping.hpp"
#include "sdk/must.hpp"
#include "sdk/runtime.hpp"
#include "sdk/startup.hpp"
#include "services/manager/cpio.hpp"
#include "services/manager/machine.hpp"

namespace {

constexpr std::uint64_t heap_pages = 128; // 512 KiB
constexpr std::uint64_t program_end = sdk::heap_address;

template <class T>
using OrComplaint = std::expected<T, std::string>;

/// A line that says what is wrong, where, and what to do about it.
[[gnu::format(printf, 1, 2)]] std::unexpected<std::string> complain(const char* format, ...) {
    char line[400];
    std::va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    return std::unexpected{std::string{line}};
}

/// A view's length and characters, for the format %.*s.
#define TEXT(view) static_cast<int>((view).size()), (view).data()

/// What one machine needs, found in the bundle and checked against the machine that there is.
OrComplaint<Plan> make_plan(const bundle_manifest::Manifest& manifest, const bundle_manifest::Machine& machine,
                            std::span<const std::byte> bundle, std::span<const host_devices::Device> devices) {
    Plan plan;
    plan.machine = machine;
    const auto complain_of = [&](const char* key, std::string_view what, const char* why, const char* remedy) {
        return complain("%.*s: machine '%.*s': key '%s': '%.*s': %s: %s", TEXT(manifest.file), TEXT(machine.name), key,
                        TEXT(what), why, remedy);
    };
    constexpr const char* again = "make the bundle again with `sundew bundle`";
    const auto file = cpio::find(bundle, machine.monitor);
    if (!file)
        return complain_of("monitor", machine.monitor, cpio::describe(file.error()), again);
    const auto program = elf::read(*file, sdk::program_address, program_end);
    if (!program)
        return complain_of("monitor", machine.monitor, elf::describe(program.error()), "link it with the SDK");
    plan.program = *program;
    if (!machine.image.empty()) {
        const auto image = cpio::find(bundle, machine.image);
        if (!image)
            return complain_of("image", machine.image, cpio::describe(image.error()), again);
        const auto offset = static_cast<std::uint64_t>(image->data() - bundle.data());
        if (!aligned(offset, page_bytes))
            return complain_of("image", machine.image, "it does not begin at a page", again);
        plan.image_page = offset / page_bytes;
        plan.image_bytes = image->size();
    }
    const std::uint64_t harts = sdk::system_info(abi::SystemFact::Harts), all = ~std::uint64_t{0} >> (64 - harts);
    if (machine.harts != ~std::uint64_t{0} && (machine.harts & ~all) != 0)
        return complain(
            "%.*s: machine '%.*s': key 'harts': it names a hart that is not there: use 0 to %lu, or give the "
            "host more harts",
            TEXT(manifest.file), TEXT(machine.name), harts - 1);
    plan.machine.harts &= all;
    for (const std::string_view name : std::span{machine.devices}.first(machine.device_count)) {
        const auto device = std::ranges::find(devices, name, &host_devices::Device::name);
        if (device == devices.end() || !device_memory(*device))
            return complain_of("devices", name, "the host has no such device to give away",
                               "name a node of its device tree that has registers");
        plan.devices.push_back(*device);
    }
    return plan;
}

/// All plans, or what is wrong with one of them or with their sum: then nothing is started.
OrComplaint<std::vector<Plan>> make_plans(const bundle_manifest::Manifest& manifest, std::span<const std::byte> bundle,
                                          std::span<const host_devices::Device> devices, std::uint64_t free_pages) {
    std::vector<Plan> plans;
    std::uint64_t pages = 0, quota = 0;
    const std::uint64_t quota_left =
        sdk::call(abi::Call::ProcessReport, abi::own_process, abi::ReportWord::PagesLeft).value_or(0);
    for (const bundle_manifest::Machine& machine : manifest.machines) {
        auto plan = make_plan(manifest, machine, bundle, devices);
        if (!plan)
            return std::unexpected{plan.error()};
        pages += plan->pages();
        quota += machine.quota + 1;
        if (pages > free_pages)
            return complain(
                "%.*s: machine '%.*s': key 'memory': with this machine %lu KiB are wanted, but only %lu KiB are "
                "free: lower 'memory', or give the host more",
                TEXT(manifest.file), TEXT(machine.name), pages * page_bytes >> 10, free_pages * page_bytes >> 10);
        if (quota >= quota_left)
            return complain(
                "%.*s: machine '%.*s': key 'quota': with this machine %lu pages of the nucleus's pool are wanted, "
                "but it has %lu: lower 'quota', or give the host more memory",
                TEXT(manifest.file), TEXT(machine.name), quota, quota_left);
        for (const host_devices::Device& device : plan->devices)
            for (const Plan& other : plans)
                if (std::ranges::find(other.devices, device.name, &host_devices::Device::name) != other.devices.end())
                    return complain(
                        "%.*s: machine '%.*s': key 'devices': '%.*s' is machine '%.*s''s: give it to one of them",
                        TEXT(manifest.file), TEXT(machine.name), TEXT(device.name), TEXT(other.machine.name));
        plans.push_back(std::move(*plan));
    }
    return plans;
}

/// Says how a process ended; whether that was well.
bool report(const Machine& machine) {
    const auto word = [&](abi::ReportWord which, std::uint64_t offset = 0) {
        return sdk::call(abi::Call::ProcessReport, machine.process(), static_cast<std::uint64_t>(which) + offset)
            .value_or(0);
    };
    const std::uint64_t cause = word(abi::ReportWord::Cause);
    if (word(abi::ReportWord::State) == static_cast<std::uint64_t>(abi::ProcessState::Exited)) {
        if (cause != 0)
            sdk::log("%s: exited with status %d", machine.name().c_str(), static_cast<int>(cause));
        return cause == 0;
    }
    sdk::log("%s: died: cause %#lx pc %#lx tval %#lx", machine.name().c_str(), cause, word(abi::ReportWord::Pc),
             word(abi::ReportWord::TrapValue));
    for (std::uint64_t i = 0; i < 32; i += 4) {
        const auto x = [&](std::uint64_t n) { return word(abi::ReportWord::Registers, i + n); };
        sdk::log("%s: x%02lu %016lx %016lx %016lx %016lx", machine.name().c_str(), i, x(0), x(1), x(2), x(3));
    }
    return false;
}

/// Waits for processes to end until none is left; whether all ended well.
bool supervise(std::vector<Machine>& machines, const sdk::Event& ends, Memories& memories) {
    bool well = true;
    std::uint64_t running = machines.size();
    while (running != 0) {
        std::uint64_t ended = ends.wait(~std::uint64_t{0}).value_or(0);
        for (; ended != 0; ended &= ended - 1, --running) {
            Machine& machine = machines[static_cast<std::size_t>(std::countr_zero(ended))];
            well &= report(machine);
            machine.reclaim(memories);
        }
    }
    return well;
}

constinit ManagerHeap manager_heap;

OrComplaint<bool> run(Memories& memories, std::span<const host_devices::Device> devices) {
    const std::uint64_t bundle_pages = sdk::call(abi::Call::RangeInfo, abi::boot::bundle, 1).value_or(0);
    if (bundle_pages == 0)
        return complain("there is no bundle: give the firmware one as initrd, made with `sundew bundle`");
    const auto bundle =
        sdk::must(sdk::Mapping::create(abi::boot::bundle, 0, bundle_pages, abi::Rights::Read), "the bundle");
    const auto blob = cpio::find(bundle.bytes(), "manifest.dtb");
    if (!blob)
        return complain("the bundle is broken: %s: make it again with `sundew bundle`", cpio::describe(blob.error()));
    const auto manifest = bundle_manifest::read(*blob);
    if (!manifest && manifest.error().node.empty())
        return complain("manifest.dtb: %s: make the bundle again with `sundew bundle`", manifest.error().what);
    if (!manifest)
        return complain("manifest.dtb: node '%.*s': key '%.*s': %s: make the bundle again with `sundew bundle`",
                        TEXT(manifest.error().node), TEXT(manifest.error().property), manifest.error().what);

    const std::uint64_t ram_before = memories.ram().free_pages();
    const auto pool_left = [] {
        return sdk::call(abi::Call::ProcessReport, abi::own_process, abi::ReportWord::PagesLeft).value_or(0);
    };
    const auto plans = make_plans(*manifest, bundle.bytes(), devices, ram_before);
    if (!plans)
        return std::unexpected{plans.error()};
    const auto ends = sdk::must(sdk::Event::create(), "the event for ends of processes");
    const std::uint64_t pool_before = pool_left();
    std::vector<Machine> machines;
    for (const Plan& plan : *plans) {
        auto machine = Machine::start(plan, memories, ends.slot(), std::uint64_t{1} << machines.size());
        if (!machine) {
            for (Machine& each : machines)
                each.reclaim(memories);
            return complain(
                "%.*s: machine '%.*s': it cannot be started: %s: give it more 'quota', or the host more memory",
                TEXT(manifest->file), TEXT(plan.machine.name), sdk::describe(machine.error()));
        }
        machines.push_back(std::move(*machine));
    }
    const bool well = supervise(machines, ends, memories);
    if (memories.ram().free_pages() != ram_before)
        sdk::log("RAM has not all come back: %lu of %lu pages", memories.ram().free_pages(), ram_before);
    // The manager's own page tables stay, for the addresses at which it once mapped something.
    sdk::log("all machines have ended; pool pages left %lu, at the start %lu", pool_left(), pool_before);
    return well;
}

}

namespace sdk {

/// The manager's heap is the first piece of RAM that is large enough.
void prepare() {
    for (abi::Handle slot = abi::boot::first_ram; slot < abi::boot::first_device; ++slot)
        if (call(abi::Call::RangeInfo, slot, 1).value_or(0) > heap_pages &&
            map(abi::own_process, slot, 0, heap_address, heap_pages, abi::Rights::Read | abi::Rights::Write)) {
            manager_heap = {slot, heap_pages};
            std::memset(reinterpret_cast<void*>(heap_address), 0, heap_pages * page_bytes);
            return set_up("manager", reinterpret_cast<std::byte*>(heap_address), heap_pages * page_bytes);
        }
    set_up("manager", nullptr, 0);
}

}

namespace {

/// Powers the host off. Firmware forgets whether all went well, QEMU's test device (SiFive's) does not.
[[noreturn]] void power_off(bool well, std::span<const host_devices::Device> devices) {
    constexpr std::uint32_t failed_with_1 = 1 << 16 | 0x3333;
    constexpr std::uint64_t shut_down = 0, failure = 2;
    const auto device = std::ranges::find(devices, std::string_view{"sifive,test1"}, &host_devices::Device::compatible);
    if (!well && device != devices.end())
        if (const auto memory = device_memory(*device))
            if (const auto mapping = sdk::Mapping::create(memory->slot(), 0, 1)) {
                *reinterpret_cast<volatile std::uint32_t*>(mapping->bytes().data()) = failed_with_1;
                // QEMU takes its time, and firmware's way would overtake this one.
                if (const auto never = sdk::Event::create())
                    (void)never->wait(1, sdk::now() + sdk::system_info(abi::SystemFact::TimebaseHertz));
            }
    (void)sdk::call(abi::Call::Reset, abi::boot::system, well ? shut_down : failure);
    sdk::fail("the host does not power off");
}

}

int main() {
    const std::uint64_t pages = sdk::call(abi::Call::RangeInfo, abi::boot::device_tree, 1).value_or(0);
    const auto tree =
        sdk::must(sdk::Mapping::create(abi::boot::device_tree, 0, pages, abi::Rights::Read), "the device tree");
    const auto offset = sdk::system_info(abi::SystemFact::DeviceTreeOffset);
    const auto devices = host_devices::read(tree.bytes().subspan(offset));
    Memories memories{manager_heap};
    const auto ended = run(memories, devices);
    if (!ended)
        sdk::log("%s", ended.error().c_str());
    power_off(ended && *ended, devices);
}
