// SPDX-License-Identifier: Apache-2.0
#include "services/manager/supervisor.hpp"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

#include "base/control_frames.hpp"
#include "base/page.hpp"
#include "sdk/log.hpp"
#include "services/console/machine_console.hpp"

namespace {

using control::State;

constexpr std::uint64_t control_bytes = sdk::control_shape.bytes();

}

/// What plans alone cannot tell.
std::expected<void, Answer> Supervisor::check(const std::vector<Plan>& plans) const {
    const auto taken =
        static_cast<std::size_t>(std::ranges::count_if(instances_, [](const auto& each) { return each != nullptr; }));
    if (plans.size() > instances_.size() - taken)
        return std::unexpected{Answer{control::Status::TooMany, "64 machines are the limit"}};
    for (const Plan& plan : plans) {
        for (const auto& instance : instances_)
            if (instance && instance->name() == plan.machine.name)
                return std::unexpected{Answer{control::Status::Exists, std::string{instance->name()}}};
        for (const host_devices::Device& device : plan.devices)
            if (console_ && console_->owns(device.name))
                return std::unexpected{
                    Answer{control::Status::BadBundle, std::string{device.name}.append(" is the console service's")}};
    }
    return {};
}

Supervisor::Added Supervisor::add(Bundle bundle) {
    std::vector<const Plan*> others;
    for (const auto& instance : instances_)
        if (instance)
            others.push_back(&instance->plan);
    auto kept = std::make_unique<Bundle>(std::move(bundle));
    auto plans = kept->plans(devices_, memories_.ram().free_pages(), others);
    const auto checked = plans ? check(*plans) : std::unexpected{Answer{control::Status::BadBundle, plans.error()}};
    if (!checked) {
        kept->reclaim(memories_);
        return std::unexpected{checked.error()};
    }
    std::vector<Instance*> added;
    for (Plan& plan : *plans) {
        const auto free = std::ranges::find_if(instances_, [](const auto& each) { return each == nullptr; });
        *free = std::make_unique<Instance>(static_cast<std::size_t>(free - instances_.begin()), kept.get(),
                                           std::move(plan));
        (*free)->since = sdk::now();
        added.push_back(free->get());
        define(**free);
        listener_.happened(control::EventKind::Create, free->get(), {});
    }
    bundles_.push_back(std::move(kept));
    return added;
}

void Supervisor::connect(ConsoleService& console) {
    console_ = &console;
    for (const auto& instance : instances_) {
        if (!instance)
            continue;
        define(*instance);
        if (!instance->machine)
            continue;
        console.tell(manager_link::Type::Continue, instance->slot);
        say(*instance, "its console begins anew: what was kept of it is lost");
    }
}

void Supervisor::disconnect() {
    for (Slot& slot : slots_) {
        slot.known = false;
        slot.idle = true;
    }
}

Instance* Supervisor::find(std::string_view name) {
    for (const auto& instance : instances_)
        if (instance && instance->name() == name)
            return instance.get();
    return nullptr;
}

/// Machines that wait for others do not count: when nothing else is left, nobody will end their wait.
bool Supervisor::any_alive() const {
    return std::ranges::any_of(instances_, [&](const auto& each) {
        return each && each->alive() && (each->state != State::Waiting || each->operation || !slots_[each->slot].idle);
    });
}

/// The memory that the slot's machine shares with services, and its event.
bool Supervisor::prepare(Slot& slot) {
    if (slot.event)
        return true;
    const auto pages = memories_.ram().take(pages_for(control_bytes + MachineConsole::memory_bytes));
    if (!pages)
        return false;
    auto memory = memories_.handle(*pages);
    auto mapping = memory ? sdk::Mapping::create(memory->slot(), 0, pages->count) : std::unexpected{memory.error()};
    auto event = sdk::Event::create();
    if (!mapping || !event) {
        memories_.ram().give(*pages);
        return false;
    }
    std::memset(mapping->bytes().data(), 0, mapping->bytes().size());
    slot.pages = *pages;
    slot.mapping = std::move(*mapping);
    slot.event.emplace(std::move(*event));
    return true;
}

/// Tells the console service of the machine.
void Supervisor::define(const Instance& instance) {
    Slot& slot = slots_[instance.slot];
    if (!console_ || !console_->there() || !prepare(slot))
        return;
    manager_link::Machine told{instance.slot, control::array_of<control::Name>(instance.name()), 0, 0};
    if (!slot.known) {
        const auto memory =
            memories_.handle({slot.pages.first + pages_for(control_bytes), pages_for(MachineConsole::memory_bytes)});
        const auto granted = memory ? console_->grant(memory->slot(), abi::Rights::Read | abi::Rights::Write)
                                    : std::unexpected{memory.error()};
        const auto event = console_->grant(slot.event->slot(), abi::Rights::Signal);
        if (!granted || !event)
            return sdk::log("%.*s: no console: the console service has no room for it", TEXT(instance.name()));
        told.memory = *granted;
        told.event = *event;
        slot.known = true;
    }
    console_->tell(manager_link::Type::Define, control::bytes_of(told));
}

void Supervisor::change(Instance& instance, State state, std::string reason) {
    instance.state = state;
    instance.reason = std::move(reason);
    instance.since = sdk::now();
    listener_.happened(control::EventKind::State, &instance, instance.reason);
}

void Supervisor::finish(Instance& instance, const Answer& answer) {
    const auto operation = std::exchange(instance.operation, std::nullopt);
    if (operation && operation->session != 0)
        listener_.finished(operation->session, answer);
}

void Supervisor::forget_sessions() {
    for (const auto& instance : instances_)
        if (instance && instance->operation)
            instance->operation->session = 0;
}

void Supervisor::resize(std::size_t slot, control::Resize size) {
    if (slot >= instances_.size() || !instances_[slot])
        return;
    instances_[slot]->size = size;
    instances_[slot]->size_due = true; // `look` tells it
}

bool Supervisor::measure(Instance& instance) {
    return instance.machine && instance.order(sdk::manager::Order::Stats);
}

std::uint64_t Supervisor::next_deadline() const {
    std::uint64_t deadline = sdk::no_deadline;
    for (const auto& instance : instances_)
        if (instance)
            deadline = std::min(deadline, instance->deadline);
    return deadline;
}

bool Supervisor::arm() {
    bool any = false;
    for (const auto& instance : instances_)
        any |= instance && instance->orders && instance->orders.arm_input();
    return any;
}

void Supervisor::forget_unused_bundles() {
    std::erase_if(bundles_, [&](const auto& bundle) {
        const bool unused =
            std::ranges::none_of(instances_, [&](const auto& each) { return each && each->bundle == bundle.get(); });
        if (unused)
            bundle->reclaim(memories_);
        return unused;
    });
}

void Supervisor::reclaim() {
    for (const auto& instance : instances_)
        if (instance && instance->machine)
            instance->machine->reclaim(memories_);
    for (auto& instance : instances_)
        instance.reset();
    forget_unused_bundles();
    for (Slot& slot : slots_) {
        slot.mapping = sdk::Mapping{};
        slot.event.reset();
        memories_.ram().give(std::exchange(slot.pages, {}));
    }
}

void Supervisor::say(const Instance& instance, const char* format, ...) {
    char line[400];
    int length = std::snprintf(line, sizeof line, "%.*s: ", TEXT(instance.name()));
    std::va_list arguments;
    va_start(arguments, format);
    length += std::vsnprintf(line + length, sizeof line - static_cast<std::size_t>(length), format, arguments);
    va_end(arguments);
    const std::string_view text{line, std::min<std::size_t>(static_cast<std::size_t>(length), sizeof line - 1)};
    if (!console_ || !console_->there())
        return sdk::log("%.*s", TEXT(text));
    std::string with_name{"manager: "};
    console_->tell(manager_link::Type::Say, instance.slot, with_name.append(text));
}
