// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "devices/virtio/cursor.hpp"
#include "devices/virtio/input_buffer.hpp"
#include "devices/virtio/model.hpp"

namespace devices::virtio {

/// The configuration space of a console (virtio 1.2, "Console Device": "Device configuration layout").
struct ConsoleConfiguration {
    std::uint16_t cols;
    std::uint16_t rows;
    std::uint32_t max_nr_ports;
    std::uint32_t emerg_wr;
};

/// Who hears what a guest writes.
class ConsoleListener {
  public:
    virtual ~ConsoleListener() = default;
    /// Bytes that the guest wrote to `port`, in order: a whole buffer of the guest's if it has at most
    /// Console::piece_bytes, else in pieces of that size. Valid only during the call.
    virtual void console_output(unsigned port, std::span<const std::byte> bytes) = 0;
};

/// A console and named ports beside it. Port 0 is the console; a driver that does not know ports has only that. Without
/// names there is nothing but the console, and ports are not offered.
class Console final : public Model {
  public:
    static constexpr unsigned port_limit = 4;
    static constexpr std::size_t piece_bytes = 4096, name_limit = 64;

    /// `names` are those of ports 1 and up, as the guest finds them in /dev/virtio-ports: at most port_limit - 1 names,
    /// and of each at most name_limit bytes. They, and `listener`, outlive the device.
    Console(const GuestRam& ram, ConsoleListener& listener, std::span<const std::string_view> names = {});

    /// Input for the guest. Takes as much as the guest has room for now, and some more to keep until it has; tells how
    /// much that was. What is kept outlives a reset: input may come before the driver does.
    std::size_t receive(unsigned port, std::span<const std::byte> bytes);
    /// Whether somebody in the guest has the port open. Without ports, port 0 is open when the driver is ready.
    bool port_open(unsigned port) const { return port < port_count_ && ports_[port].open; }
    /// Tells the guest how large the console is. The order in the message is the specification's: columns, rows. Linux
    /// had them the other way round for long; without ports, it finds them in the configuration space, where all agree.
    void resize(std::uint16_t columns, std::uint16_t rows);

    std::uint32_t device_id() const override { return 3; }
    std::uint64_t offered() const override;
    std::span<Queue> queues() override { return std::span{queues_}.first(queue_count()); }
    std::span<const std::byte> configuration() const override { return std::as_bytes(std::span{&configuration_, 1}); }

  private:
    static constexpr unsigned control_receive = 2, control_transmit = 3;
    enum class Event : std::uint16_t {
        DeviceReady = 0,
        DeviceAdd = 1,
        DeviceRemove = 2,
        PortReady = 3,
        ConsolePort = 4,
        Resize = 5,
        PortOpen = 6,
        PortName = 7,
    };
    /// struct virtio_console_control.
    struct Control {
        std::uint32_t id;
        std::uint16_t event;
        std::uint16_t value;
    };
    struct Port {
        std::string_view name;
        bool open = false;
        std::uint8_t messages = 0; ///< to be sent: one bit for each Event
        InputBuffer input;
        std::optional<Chain> output; ///< whose bytes did not all get their turn yet
        Cursor rest;                 ///< of it
    };

    bool process(unsigned index) override;
    void started() override;
    void stopped(unsigned index) override;

    unsigned queue_count() const { return 2 * port_count_ + 2; }
    static unsigned receive_queue(unsigned port) { return port == 0 ? 0 : 2 * port + 2; }
    /// Whose queue `index` is, which is none of the control queues.
    static unsigned port_of(unsigned index) { return index < 2 ? 0 : index / 2 - 1; }
    bool multiport() const;
    bool transmit(Queue& queue, unsigned port);
    bool deliver(Queue& queue, unsigned port);
    bool hear_control(Queue& queue);
    void hear(const Control& control);
    bool send_control(Queue& queue);
    void send(Queue& queue, const Chain& chain, unsigned port, Event event);
    void plan(unsigned port, Event event) {
        ports_[port].messages |= static_cast<std::uint8_t>(1u << static_cast<unsigned>(event));
    }

    ConsoleListener& listener_;
    ConsoleConfiguration configuration_{};
    unsigned port_count_;
    std::array<Port, port_limit> ports_;
    std::array<Queue, 2 * port_limit + 2> queues_;
};

}
