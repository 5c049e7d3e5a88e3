// SPDX-License-Identifier: Apache-2.0
#include "services/console/service.hpp"

#include "base/page.hpp"
#include "sdk/must.hpp"
#include "sdk/startup.hpp"
#include "sdk/time.hpp"

namespace {

/// What one machine may write before the others get their turn.
constexpr std::size_t bytes_a_turn = 4096;

sdk::Mapping map_link() {
    return sdk::must(sdk::Mapping::create(sdk::startup().manager_channel.memory, 0, pages_for(sdk::link_shape.bytes())),
                     "the channel to the manager");
}

}

Service::Service()
    : event_{sdk::Event::adopt(sdk::startup().event)}, link_memory_{map_link()},
      link_{link_memory_.bytes(), sdk::link_shape, sdk::Channel::Side::Second,
            [] {
                const auto& manager = sdk::startup().manager_channel;
                (void)sdk::call(abi::Call::EventSignal, manager.event, manager.bits);
            }},
      screen_{machines_,
              [this](std::span<const std::byte> bytes) {
                  if (uart_)
                      uart_->write(bytes);
              }},
      sessions_{machines_}, unannounced_{std::string_view{sdk::startup().arguments} == manager_link::again} {
    open_devices();
}

/// The serial port and the control channel's device, by what they turn out to be.
void Service::open_devices() {
    for (std::size_t i = 0; i < std::size(sdk::startup().devices); ++i) {
        auto device = sdk::Device::open(i);
        if (!device)
            continue;
        if (const abi::Handle dma = device->dma(); dma == 0) {
            uart_device_.emplace(std::move(*device));
            uart_ = sdk::must(HostUart::open(*uart_device_, event_, uart_bit), "the host's serial port");
        } else {
            const auto info = [&](std::uint64_t which) {
                return sdk::call(abi::Call::RangeInfo, dma, which).value_or(0);
            };
            port_device_.emplace(std::move(*device));
            dma_ = sdk::must(sdk::Mapping::create(dma, 0, info(1)), "memory for the control channel's driver");
            auto port = ControlPort::open(*port_device_, dma_.bytes(), {info(0) * page_bytes});
            if (!port) { // another kind of device, or none, is in that slot
                port_device_.reset();
                continue;
            }
            port_ = *port;
            sdk::must(port_device_->bind_interrupt(0, event_, port_bit), "the control channel's interrupt");
        }
    }
}

void Service::tell(manager_link::Type type, std::span<const std::byte> payload) {
    sessions_.to_manager().add(manager_link::frame_type(type), 0, payload);
}

void Service::define(const manager_link::Machine& machine) {
    const auto name = control::text_in(machine.name);
    if (machine.number >= machines_.size() || !name || machines_[machine.number])
        return;
    auto& place = machines_[machine.number];
    if (machine.memory != 0) {
        memories_.push_back(
            sdk::must(sdk::Mapping::create(machine.memory, 0, pages_for(MachineConsole::memory_bytes)), "a console"));
        (void)sdk::call(abi::Call::HandleClose, machine.memory);
        wakers_[machine.number] = machine.event;
        place = std::make_unique<MachineConsole>(std::string{*name}, memories_.back().bytes());
    } else {
        place = std::move(retired_[machine.number]);
        if (place)
            place->rename(std::string{*name});
    }
    screen_.changed();
}

void Service::forget(std::size_t slot) {
    sessions_.forget(slot);
    retired_[slot] = std::move(machines_[slot]);
    screen_.changed();
}

/// A line of the manager's: on the serial port, and in the history of the machine that it is about.
void Service::say(const manager_link::Slot& slot, std::string_view text) {
    screen_.say(text);
    if (slot.number < machines_.size() && machines_[slot.number]) {
        History& history = machines_[slot.number]->history();
        const std::string line = std::string{text} + "\r\n";
        screen_.skip(slot.number, [&] { history.append(std::as_bytes(std::span{line})); });
    }
}

void Service::flush() {
    due_ = every_slot;
    for (bool any = true; any;) {
        any = show_output();
        any |= sessions_.pump(due_);
    }
    screen_.flush_lines();
    tell(manager_link::Type::Flushed);
}

void Service::hear(const frames::Frame& frame) {
    const auto type = static_cast<manager_link::Type>(frame.header.type);
    if (type == manager_link::Type::Define) {
        if (const auto machine = control::message_in<manager_link::Machine>(frame.payload))
            define(*machine);
        return;
    }
    if (type == manager_link::Type::Ready)
        return screen_.choose();
    if (type == manager_link::Type::Flush)
        return flush();
    manager_link::Slot slot{};
    if (frame.payload.size() >= sizeof slot)
        std::memcpy(&slot, frame.payload.data(), sizeof slot);
    if (type == manager_link::Type::Say) {
        const auto text = frame.payload.subspan(std::min(sizeof slot, frame.payload.size()));
        return say(slot, {reinterpret_cast<const char*>(text.data()), text.size()});
    }
    if (type < manager_link::Type::Define)
        return sessions_.from_manager(frame);
    if (slot.number >= machines_.size() || !machines_[slot.number])
        return;
    if (type == manager_link::Type::Forget)
        return forget(slot.number);
    MachineConsole& machine = *machines_[slot.number];
    due_ |= slot_bit(slot.number);
    if (type == manager_link::Type::Start || type == manager_link::Type::Continue) {
        machine.start([this, number = slot.number](std::uint64_t bits) {
            (void)sdk::call(abi::Call::EventSignal, wakers_[number], bits);
        });
        if (type == manager_link::Type::Continue)
            machine.go_on();
    } else if (type == manager_link::Type::Ended) {
        sessions_.ended(slot.number);
        machine.stop();
        tell(manager_link::Type::Idle, std::as_bytes(std::span{&slot, 1}));
    }
}

bool Service::hear_manager() {
    bool any = false;
    while (sessions_.ready_for_manager()) {
        const auto frame = from_manager_.next();
        if (!frame)
            break;
        hear(*frame);
        any = true;
    }
    return any;
}

bool Service::hear_host() {
    if (!port_)
        return false;
    if (std::exchange(port_interrupted_, false)) {
        if (port_->poll()) {
            sessions_.reset();
            from_host_.reset();
            if (std::exchange(unannounced_, false))
                sessions_.announce();
        }
        port_->acknowledge();
    }
    bool any = false;
    while (sessions_.ready_for_host() && !port_->received().empty()) {
        const auto bytes = port_->received();
        from_host_.feed(bytes, [&](const control::FrameHeader& header, std::span<const std::byte> payload) {
            sessions_.from_host({header, payload});
        });
        port_->drop(bytes.size());
        any = true;
    }
    return any;
}

bool Service::show_output() {
    bool any = false;
    for_each(machines_, due_, [&](std::size_t slot) { any |= machines_[slot]->take_output(bytes_a_turn); });
    any |= screen_.update(due_);
    return any;
}

/// What was typed at the serial port. What nobody has room for waits, and so does the port.
bool Service::type() {
    if (!uart_)
        return false;
    if (typed_.empty() && uart_interrupted_) {
        std::array<std::byte, 64> piece;
        const std::size_t count = uart_->read(piece);
        typed_.assign(piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(count));
        if (count == 0) {
            uart_interrupted_ = false;
            uart_->acknowledge();
        }
    }
    const std::size_t taken = typed_.empty() ? 0 : screen_.input(typed_);
    typed_.erase(typed_.begin(), typed_.begin() + static_cast<std::ptrdiff_t>(taken));
    return taken != 0;
}

bool Service::send() {
    bool any = false;
    if (frames::Queue& queue = sessions_.to_host(); !queue.empty()) {
        const std::size_t sent = port_ ? port_->write(queue.bytes()) : queue.size();
        queue.drop(sent);
        any |= sent != 0;
    }
    if (frames::Queue& queue = sessions_.to_manager(); !queue.empty()) {
        const std::size_t sent = link_.write(queue.bytes());
        queue.drop(sent);
        any |= sent != 0;
    }
    return any;
}

/// Before waiting: whether there is something to do after all. Of all other machines the event tells, which
/// they have been asked to raise; those that say something for which there is no room are looked at again.
bool Service::armed() {
    const bool room = sessions_.ready_for_manager();
    bool any = (room && link_.arm_input()) || (!sessions_.to_manager().empty() && link_.arm_output(1));
    Slots still_due = 0;
    for_each(machines_, due_ | sessions_.watched(), [&](std::size_t slot) {
        const bool more = machines_[slot]->arm(room);
        any |= more;
        if (more || !room)
            still_due |= slot_bit(slot);
    });
    due_ = still_due;
    return any || (!typed_.empty() && screen_.arm_typing());
}

void Service::run() {
    // For the rest of a line. A machine that shares its hart, on a busy host, may pause in the middle of one.
    const std::uint64_t patience = sdk::ticks_per_second() / 2;
    for (;;) {
        bool busy = hear_manager();
        busy |= hear_host();
        (void)show_output(); // if there is more, `armed` sees it
        busy |= sessions_.pump(due_);
        busy |= type();
        busy |= send();
        if (busy || armed())
            continue;
        const bool open_lines = screen_.has_open_lines();
        const auto signals = event_.wait(~std::uint64_t{0}, open_lines ? sdk::now() + patience : sdk::no_deadline);
        if (!signals)
            screen_.flush_lines();
        due_ |= (signals.value_or(0) & machine_bits) * ((Slots{1} << 32) + 1);
        port_interrupted_ |= (signals.value_or(0) & port_bit) != 0;
        uart_interrupted_ |= (signals.value_or(0) & uart_bit) != 0;
    }
}
