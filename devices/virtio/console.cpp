// SPDX-License-Identifier: Apache-2.0
#include "devices/virtio/console.hpp"

namespace devices::virtio {

namespace {

constexpr std::uint64_t size_feature = 1 << 0, multiport_feature = 1 << 1;
/// What one call passes on of one queue's output, so that a guest with huge buffers does not hold us up.
constexpr std::size_t output_bytes_a_round = 16 * Console::piece_bytes;

}

Console::Console(const GuestRam& ram, ConsoleListener& listener, std::span<const std::string_view> names)
    : Model{ram}, listener_{listener},
      port_count_{static_cast<unsigned>(std::min<std::size_t>(names.size() + 1, port_limit))} {
    for (unsigned port = 1; port < port_count_; ++port)
        ports_[port].name = names[port - 1].substr(0, name_limit);
    configuration_ = {.cols = 80, .rows = 25, .max_nr_ports = port_count_, .emerg_wr = 0};
}

std::uint64_t Console::offered() const {
    return port_count_ == 1 ? size_feature : size_feature | multiport_feature;
}

bool Console::multiport() const {
    return negotiated(multiport_feature);
}

void Console::started() {
    for (Port& port : ports_) {
        port.open = false;
        port.messages = 0;
    }
    ports_[0].open = !multiport();
}

void Console::stopped(unsigned index) {
    if (index == control_receive || index == control_transmit)
        return;
    Port& port = ports_[port_of(index)];
    if (!live())
        port.open = false;
    if (index % 2 == 1 && port.output) {
        queues_[index].give_back(port.output->head, 0);
        port.output.reset();
    }
}

bool Console::process(unsigned index) {
    Queue& queue = queues_[index];
    if (index > 1 && !multiport())
        return false; // these queues mean nothing then
    if (index == control_receive)
        return send_control(queue);
    if (index == control_transmit)
        return hear_control(queue);
    const unsigned port = port_of(index);
    return index % 2 == 0 ? deliver(queue, port) : transmit(queue, port);
}

/// What the guest writes goes to the listener.
bool Console::transmit(Queue& queue, unsigned index) {
    Port& port = ports_[index];
    std::size_t bytes = 0;
    for (unsigned chains = 0; chains < queue.size() && bytes < output_bytes_a_round;) {
        if (!port.output) {
            port.output = queue.take();
            if (!port.output)
                return false;
            port.rest = Cursor{port.output->readable};
            ++chains;
        }
        std::array<std::byte, piece_bytes> piece;
        const std::size_t count = port.rest.read(ram(), piece);
        if (count != 0)
            listener_.console_output(index, std::span{piece}.first(count));
        bytes += count;
        if (port.rest.left() == 0) {
            queue.give_back(port.output->head, 0);
            port.output.reset();
        }
    }
    return true;
}

/// What was kept for the guest goes into its buffers.
bool Console::deliver(Queue& queue, unsigned index) {
    Port& port = ports_[index];
    for (unsigned chains = 0; chains < queue.size(); ++chains) {
        if (!port.open || port.input.empty())
            return false;
        const auto chain = queue.take();
        if (!chain)
            return false;
        Cursor in{chain->writable};
        std::size_t written = 0;
        while (!port.input.empty() && in.left() != 0) {
            const std::size_t count = in.write(ram(), port.input.front());
            port.input.drop(count);
            written += count;
        }
        queue.give_back(chain->head, static_cast<std::uint32_t>(written));
    }
    return true;
}

std::size_t Console::receive(unsigned index, std::span<const std::byte> bytes) {
    if (index >= port_count_)
        return 0;
    std::size_t taken = 0;
    for (;;) { // ends: each turn takes bytes
        const std::size_t count = ports_[index].input.put(bytes.subspan(taken));
        taken += count;
        serve(receive_queue(index));
        if (count == 0 || taken == bytes.size())
            return taken;
    }
}

bool Console::hear_control(Queue& queue) {
    for (unsigned chains = 0; chains < queue.size(); ++chains) {
        const auto chain = queue.take();
        if (!chain)
            return false;
        Control control;
        Cursor out{chain->readable};
        const bool whole = out.read(ram(), std::as_writable_bytes(std::span{&control, 1})) == sizeof(control);
        queue.give_back(chain->head, 0);
        if (whole)
            hear(control);
    }
    return true;
}

/// "Multiport Device Operation": what a message asks for is planned, and sent when the guest has room for it. A guest
/// that asks again and again makes us send again, but never keep more than one of a kind.
void Console::hear(const Control& control) {
    const bool yes = control.value != 0;
    switch (Event{control.event}) {
    case Event::DeviceReady:
        for (unsigned port = 0; yes && port < port_count_; ++port)
            plan(port, Event::DeviceAdd);
        break;
    case Event::PortReady:
        if (control.id >= port_count_ || !yes)
            return;
        plan(control.id, control.id == 0 ? Event::ConsolePort : Event::PortName);
        plan(control.id, Event::PortOpen); // the host's end always is
        if (control.id == 0)
            plan(control.id, Event::Resize);
        break;
    case Event::PortOpen:
        if (control.id >= port_count_)
            return;
        ports_[control.id].open = yes;
        return serve(receive_queue(control.id));
    default: return; // not for the driver to say
    }
    serve(control_receive);
}

bool Console::send_control(Queue& queue) {
    // In the order in which a driver must hear them.
    constexpr std::array order{Event::DeviceAdd, Event::ConsolePort, Event::PortName, Event::PortOpen, Event::Resize};
    for (unsigned port = 0; port < port_count_; ++port)
        for (const Event event : order) {
            const auto bit = static_cast<std::uint8_t>(1u << static_cast<unsigned>(event));
            if (!(ports_[port].messages & bit))
                continue;
            const auto chain = queue.take();
            if (!chain)
                return false;
            ports_[port].messages &= static_cast<std::uint8_t>(~bit);
            send(queue, *chain, port, event);
        }
    return false;
}

/// A buffer that is too short for the message gets its beginning.
void Console::send(Queue& queue, const Chain& chain, unsigned port, Event event) {
    const Control control{port, static_cast<std::uint16_t>(event), event != Event::DeviceAdd && event != Event::Resize};
    Cursor in{chain.writable};
    std::size_t written = in.write(ram(), std::as_bytes(std::span{&control, 1}));
    if (event == Event::Resize) {
        const std::array size{configuration_.cols, configuration_.rows};
        written += in.write(ram(), std::as_bytes(std::span{size}));
    } else if (event == Event::PortName) {
        written += in.write(ram(), std::as_bytes(std::span{ports_[port].name}));
    }
    queue.give_back(chain.head, static_cast<std::uint32_t>(written));
}

void Console::resize(std::uint16_t columns, std::uint16_t rows) {
    configuration_.cols = columns;
    configuration_.rows = rows;
    change_configuration();
    if (live() && multiport()) {
        plan(0, Event::Resize);
        serve(control_receive);
    }
}

}
