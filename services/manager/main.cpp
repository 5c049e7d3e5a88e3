// SPDX-License-Identifier: Apache-2.0
// The first program: it owns all that the nucleus does not need, starts what the manifest names, gives it just that,
// and tells how it ended.
#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
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
#include "services/manager/host_clock.hpp"
#include "services/manager/machine.hpp"
#include "services/manager/plan.hpp"

namespace {

constexpr std::uint64_t heap_pages = 128; // 512 KiB

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
constinit std::array<std::byte, 32> host_seed{};

OrComplaint<bool> run(Memories& memories, std::span<const host_devices::Device> devices, const Host& host) {
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
        auto machine = Machine::start(plan, host, memories, ends.slot(), std::uint64_t{1} << machines.size());
        if (!machine) {
            for (Machine& each : machines)
                each.reclaim(memories);
            return complain(
                "%.*s: machine '%.*s': it cannot be started: %s: give it more 'quota', or the host more memory",
                TEXT(manifest->file), TEXT(plan.machine.name), sdk::describe(machine.error()));
        }
        machines.push_back(std::move(*machine));
    }
    const std::uint64_t ram_left = memories.ram().free_pages();
    const bool well = supervise(machines, ends, memories);
    sdk::log("statistics: ram-left %lu KiB", ram_left * page_bytes >> 10);
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

/// What the C library's generator of random numbers begins with; every process gets a seed out of that. Firmware's
/// seed, if it gives one, and in any case the time.
extern "C" int getentropy(void* to, std::size_t bytes) {
    const std::uint64_t time = sdk::now();
    std::memset(to, 0, bytes);
    std::memcpy(to, host_seed.data(), std::min(bytes, host_seed.size()));
    if (bytes >= host_seed.size() + sizeof time)
        std::memcpy(static_cast<std::byte*>(to) + host_seed.size(), &time, sizeof time);
    return 0;
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
    const Host host{HostFacts::read(tree.bytes().subspan(offset)), read_host_clock(devices)};
    host_seed = host.facts.seed;
    memories.zero_by(host.facts.cbo_block_bytes);
    const auto ended = run(memories, devices, host);
    if (!ended)
        sdk::log("%s", ended.error().c_str());
    power_off(ended && *ended, devices);
}
