// SPDX-License-Identifier: Apache-2.0
#include "services/manager/console_service.hpp"

#include <algorithm>
#include <bit>

#include "base/control_frames.hpp"
#include "base/page.hpp"
#include "sdk/log.hpp"
#include "sdk/must.hpp"

namespace {

constexpr std::uint64_t heap_bytes = 1 << 20, dma_pages = 32, quota_pages = 48, priority = 250;

/// Whether a virtio device is a console ("MMIO Device Register Layout", "Device Types").
bool is_console(const host_devices::Device& device) {
    constexpr std::uint32_t magic = 0x74726976, console = 3;
    constexpr std::size_t device_id = 2;
    const auto memory = device_memory(device);
    const auto mapping = memory ? sdk::Mapping::create(memory->slot(), 0, 1) : std::unexpected{memory.error()};
    if (!mapping)
        return false;
    const auto* registers =
        reinterpret_cast<const volatile std::uint32_t*>(mapping->bytes().data() + device.address % page_bytes);
    return registers[0] == magic && registers[device_id] == console;
}

}

/// The serial port, and of the virtio devices the last that is a console.
void ConsoleService::choose_devices(std::span<const host_devices::Device> devices,
                                    std::span<const std::unique_ptr<Instance>> instances, Plan& plan) {
    const auto is_free = [&](const host_devices::Device& device) {
        return std::ranges::none_of(instances, [&](const auto& each) {
            return each && std::ranges::find(each->plan.devices, device.name, &host_devices::Device::name) !=
                               each->plan.devices.end();
        });
    };
    const host_devices::Device* control = nullptr;
    for (const host_devices::Device& device : devices) {
        if (!is_free(device))
            continue;
        if (device.compatible == "ns16550a" && plan.devices.empty())
            plan.devices.push_back(device);
        if (device.compatible == "virtio,mmio" && (!control || device.address > control->address) && is_console(device))
            control = &device;
    }
    if (control) {
        plan.devices.push_back(*control);
        control_device_ = control->name;
    }
    for (const host_devices::Device& device : plan.devices)
        owned_.push_back(device.name);
}

ConsoleService::ConsoleService(Bundle& bundle, const Host& host, std::span<const host_devices::Device> devices,
                               std::span<const std::unique_ptr<Instance>> instances, Memories& memories,
                               const sdk::Event& event, std::uint64_t end_bits, std::uint64_t message_bits)
    : event_{sdk::must(sdk::Event::create(), "the console service's event")} {
    const auto program = bundle.program("bin/console");
    if (!program)
        return;
    Plan plan;
    plan.bundle = bundle.memory();
    plan.program = *program;
    plan.machine.name = "console";
    plan.machine.cpus = 1;
    plan.machine.memory = page_bytes;
    plan.machine.heap = heap_bytes;
    plan.machine.quota = quota_pages;
    plan.machine.priority = priority;
    plan.machine.harts = std::uint64_t{1} << (sdk::system_info(abi::SystemFact::Harts) - 1);
    plan.dma_pages = dma_pages;
    choose_devices(devices, instances, plan);

    const auto pages = memories.ram().take(pages_for(sdk::link_shape.bytes()));
    if (!pages)
        sdk::fail("there is no memory for the console service: give the host more");
    link_pages_ = *pages;
    const auto memory = sdk::must(memories.handle(*pages), "the console service's channel");
    sdk::must(memories.fill(memory.slot(), pages->count, {}), "the console service's channel");
    link_ = sdk::must(sdk::Mapping::create(memory.slot(), 0, pages->count), "the console service's channel");
    channel_ = {link_.bytes(), sdk::link_shape, sdk::Channel::Side::First,
                [this] { event_.signal(sdk::channel_bits::control); }};
    Wiring wiring;
    wiring.event = event_.slot();
    wiring.manager = {memory.slot(), event.slot(), message_bits};
    auto machine = Machine::start(plan, host, wiring, memories, event.slot(), end_bits);
    machine_.emplace(sdk::must(std::move(machine), "the console service"));
}

bool ConsoleService::owns(std::string_view device) const {
    return std::ranges::find(owned_, device) != owned_.end();
}

abi::Result<std::uint64_t> ConsoleService::grant(abi::Handle handle, abi::Rights rights) const {
    return sdk::call(abi::Call::HandleGrant, machine_->process(), handle, rights);
}

void ConsoleService::tell(manager_link::Type type, std::size_t slot, std::string_view text) {
    const manager_link::Slot payload{slot};
    tell(type, control::bytes_of(payload), std::as_bytes(std::span{text}));
}

void ConsoleService::send() {
    if (machine_ && !out_.empty())
        out_.drop(channel_.write(out_.bytes()));
}

bool ConsoleService::arm() {
    return machine_ && (channel_.arm_input() || (!out_.empty() && channel_.arm_output(1)));
}

bool ConsoleService::ended() const {
    return machine_ && sdk::call(abi::Call::ProcessReport, machine_->process(), abi::ReportWord::State).value_or(0) !=
                           static_cast<std::uint64_t>(abi::ProcessState::Alive);
}

void ConsoleService::reclaim(Memories& memories) {
    if (machine_)
        machine_->reclaim(memories);
    machine_.reset();
    channel_ = {};
    link_ = sdk::Mapping{};
    memories.ram().give(std::exchange(link_pages_, {}));
    out_.clear();
}
