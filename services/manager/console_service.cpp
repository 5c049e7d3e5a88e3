// SPDX-License-Identifier: Apache-2.0
#include "services/manager/console_service.hpp"

#include <algorithm>
#include <bit>

#include "base/control_frames.hpp"
#include "base/page.hpp"
#include "sdk/log.hpp"
#include "sdk/must.hpp"
#include "sdk/time.hpp"

namespace {

constexpr std::uint64_t heap_bytes = 512 << 10, dma_pages = 32, quota_pages = 24, priority = 250;

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
    : host_{host}, memories_{memories}, manager_event_{event.slot()}, end_bits_{end_bits},
      event_{sdk::must(sdk::Event::create(), "the console service's event")} {
    const auto program = bundle.program("bin/console");
    if (!program)
        return;
    plan_.bundle = bundle.memory();
    plan_.program = *program;
    plan_.machine.name = "console";
    plan_.machine.cpus = 1;
    plan_.machine.memory = page_bytes;
    plan_.machine.heap = heap_bytes;
    plan_.machine.quota = quota_pages;
    plan_.machine.priority = priority;
    plan_.machine.harts = std::uint64_t{1} << (sdk::system_info(abi::SystemFact::Harts) - 1);
    plan_.dma_pages = dma_pages;
    choose_devices(devices, instances, plan_);
    wiring_.event = event_.slot();
    wiring_.manager = {0, event.slot(), message_bits};
    if (const auto started = start(); !started)
        sdk::fail("the console service cannot be started: %s: give the host more memory",
                  sdk::describe(started.error()));
    plan_.machine.arguments = manager_link::again;
}

abi::Result<void> ConsoleService::start() {
    const auto pages = memories_.ram().take(pages_for(sdk::link_shape.bytes()));
    if (!pages)
        return std::unexpected{abi::Error::OutOfQuota};
    link_pages_ = *pages;
    const auto memory = memories_.handle(*pages);
    const auto zeroed = memory ? memories_.fill(memory->slot(), pages->count, {}) : std::unexpected{memory.error()};
    auto mapping = zeroed ? sdk::Mapping::create(memory->slot(), 0, pages->count) : std::unexpected{zeroed.error()};
    if (!mapping)
        return std::unexpected{mapping.error()};
    link_ = std::move(*mapping);
    channel_ = {link_.bytes(), sdk::link_shape, sdk::Channel::Side::First,
                [this] { event_.signal(sdk::channel_bits::control); }};
    (void)event_.wait(~std::uint64_t{0}, 0); // what was raised for the last one
    wiring_.manager.memory = memory->slot();
    auto machine = Machine::start(plan_, host_, wiring_, memories_, manager_event_, end_bits_);
    if (!machine)
        return std::unexpected{machine.error()};
    machine_.emplace(std::move(*machine));
    began_ = sdk::now();
    return {};
}

/// One that has lived for a while is started again at once, others each time twice as late as the last, up to a minute.
std::uint64_t ConsoleService::delay() {
    constexpr std::uint64_t long_enough_seconds = 10, most = 64;
    const bool lived = sdk::now() - began_ >= long_enough_seconds * sdk::ticks_per_second();
    delay_seconds_ = lived ? 0 : std::min(most, std::max<std::uint64_t>(1, 2 * delay_seconds_));
    return delay_seconds_ * sdk::ticks_per_second();
}

ConsoleService::Change ConsoleService::look() {
    if (ended()) {
        sdk::log("the console service has ended; machines go on, and it is started again");
        reclaim();
        due_ = sdk::now() + delay();
        return Change::Ended;
    }
    if (due_ > sdk::now())
        return Change::None;
    due_ = sdk::no_deadline;
    if (const auto started = start())
        return Change::Began;
    reclaim();
    due_ = sdk::now() + delay();
    return Change::None;
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

void ConsoleService::reclaim() {
    if (machine_)
        machine_->reclaim(memories_);
    machine_.reset();
    channel_ = {};
    link_ = sdk::Mapping{};
    memories_.ram().give(std::exchange(link_pages_, {}));
    out_.clear();
}
