// SPDX-License-Identifier: Apache-2.0
// The first program: it owns all that the nucleus does not need, starts what the manifest names, gives it just that,
// and tells how it ended.
#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "abi/boot.hpp"
#include "base/page.hpp"
#include "sdk/event.hpp"
#include "sdk/log.hpp"
#include "sdk/mapping.hpp"
#include "sdk/must.hpp"
#include "sdk/runtime.hpp"
#include "sdk/startup.hpp"
#include "sdk/time.hpp"
#include "services/manager/control.hpp"
#include "services/manager/host_clock.hpp"
#include "services/manager/supervisor.hpp"

namespace {

constinit ManagerHeap manager_heap;
constinit std::array<std::byte, 32> host_seed{};

/// Bits of the manager's event.
constexpr std::uint64_t end_bit = 1, message_bit = 2, report_bit = 4;

std::uint64_t pool_left() {
    return sdk::call(abi::Call::ProcessReport, abi::own_process, abi::ReportWord::PagesLeft).value_or(0);
}

/// Has the console service write all that it has, unless it does not in time.
void flush(ConsoleService& console, Control& control, const sdk::Event& event) {
    const std::uint64_t limit = sdk::now() + 2 * sdk::ticks_per_second();
    console.tell(manager_link::Type::Flush, manager_link::no_slot);
    while (console.there() && !console.ended() && !control.flushed() && sdk::now() < limit) {
        while (const auto frame = console.next())
            control.frame(*frame);
        console.send();
        if (!console.arm() && !control.flushed())
            (void)event.wait(~std::uint64_t{0}, limit);
    }
}

/// Follows machines and the control channel until nothing is left to follow.
void supervise(Supervisor& supervisor, ConsoleService& console, Control& control, const sdk::Event& event) {
    bool started = supervisor.any_alive();
    for (;;) {
        while (console.there() && control.ready()) {
            const auto frame = console.next();
            if (!frame)
                break;
            control.frame(*frame);
        }
        supervisor.look();
        control.look();
        console.send();
        switch (console.look()) {
        case ConsoleService::Change::Ended:
            supervisor.disconnect();
            control.disconnect();
            break;
        case ConsoleService::Change::Began:
            supervisor.connect(console);
            console.tell(manager_link::Type::Ready, manager_link::no_slot);
            break;
        case ConsoleService::Change::None: break;
        }
        started |= supervisor.any_alive();
        const bool waits_for_host = control.in_use() || (!started && console.exists() && console.reachable());
        if (control.over() || (!supervisor.any_alive() && !waits_for_host))
            return;
        const std::uint64_t deadline =
            std::min({supervisor.next_deadline(), control.next_deadline(), console.next_deadline()});
        const bool more = supervisor.arm();
        if (!console.arm() && !more && deadline > sdk::now())
            (void)event.wait(~std::uint64_t{0}, deadline);
    }
}

OrComplaint<bool> run(Memories& memories, std::span<const host_devices::Device> devices, const Host& host) {
    auto bundle = Bundle::of_firmware();
    if (!bundle)
        return std::unexpected{bundle.error()};
    auto programs = Bundle::of_firmware(); // for the console service's
    if (!programs)
        return std::unexpected{programs.error()};
    const std::uint64_t ram_before = memories.ram().free_pages();
    const auto event = sdk::must(sdk::Event::create(), "the manager's event");
    const std::uint64_t pool_before = pool_left();
    ConsoleService* link = nullptr;
    Control control{memories, link};
    Supervisor supervisor{host, devices, memories, event, end_bit, report_bit, control};
    control.supervise(supervisor);
    const auto machines = supervisor.add(std::move(*bundle));
    if (!machines)
        return std::unexpected{machines.error().text};
    ConsoleService console{*programs, host, devices, supervisor.instances(), memories, event, end_bit, message_bit};
    link = &console;
    if (console.there()) {
        supervisor.connect(console);
        console.tell(manager_link::Type::Ready, manager_link::no_slot);
    }
    (void)supervisor.start_by_themselves(*machines); // what cannot be started says so, and the others go on
    const std::uint64_t ram_left = memories.ram().free_pages();
    bool wants_statistics = false;
    for (const auto& instance : supervisor.instances())
        wants_statistics |= instance && instance->plan.machine.arguments == "statistics"; // as its monitor takes it
    supervise(supervisor, console, control, event);
    control.say_goodbye();
    flush(console, control, event);
    supervisor.reclaim();
    control.reclaim();
    console.reclaim();
    if (wants_statistics)
        sdk::log("statistics: ram-left %lu KiB", ram_left * page_bytes >> 10);
    if (memories.ram().free_pages() != ram_before)
        sdk::log("RAM has not all come back: %lu of %lu pages", memories.ram().free_pages(), ram_before);
    // The manager's own page tables stay, for the addresses at which it once mapped something.
    sdk::log("all machines have ended; pool pages left %lu, at the start %lu", pool_left(), pool_before);
    return supervisor.well();
}

}

namespace sdk {

/// The manager's heap is in the first piece of RAM that is large enough. It grows with the RAM, as the number of
/// machines may: one costs 5 KiB.
void prepare() {
    const auto pages_of = [](abi::Handle slot) { return call(abi::Call::RangeInfo, slot, 1).value_or(0); };
    constexpr std::uint64_t least = 32, share = 16384;
    std::uint64_t ram = 0;
    for (abi::Handle slot = abi::boot::first_ram; slot < abi::boot::first_device; ++slot)
        ram += pages_of(slot);
    const std::uint64_t pages = least + ram / share;
    for (abi::Handle slot = abi::boot::first_ram; slot < abi::boot::first_device; ++slot)
        if (pages_of(slot) > pages &&
            map(abi::own_process, slot, 0, heap_address, pages, abi::Rights::Read | abi::Rights::Write)) {
            manager_heap = {slot, pages};
            std::memset(reinterpret_cast<void*>(heap_address), 0, pages * page_bytes);
            return set_up("manager", reinterpret_cast<std::byte*>(heap_address), pages * page_bytes);
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
                    (void)never->wait(1, sdk::now() + sdk::ticks_per_second());
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
    const bool messages =
        (sdk::system_info(abi::SystemFact::Features) & static_cast<std::uint64_t>(abi::SystemFeature::Messages)) != 0;
    const auto devices = host_devices::read(tree.bytes().subspan(offset), messages ? 2 : 1);
    Memories memories{manager_heap};
    const Host host{HostFacts::read(tree.bytes().subspan(offset)), read_host_clock(devices)};
    host_seed = host.facts.seed;
    memories.zero_by(host.facts.cbo_block_bytes);
    const auto ended = run(memories, devices, host);
    if (!ended)
        sdk::log("%s", ended.error().c_str());
    power_off(ended && *ended, devices);
}
