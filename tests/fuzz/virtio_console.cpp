// SPDX-License-Identifier: Apache-2.0
// A console with ports: receive, transmit and control queues, and input from the host.
#include "devices/virtio/console.hpp"
#include "tests/fuzz/virtio.hpp"

namespace {

using namespace fuzz;

class Listener final : public ConsoleListener, public Kind {
  public:
    Console* console = nullptr;

    void console_output(unsigned port, std::span<const std::byte> bytes) override {
        ++calls;
        must(port < Console::port_limit && !bytes.empty() && bytes.size() <= Console::piece_bytes);
        heard_ += std::to_integer<std::uint64_t>(bytes.front()) + std::to_integer<std::uint64_t>(bytes.back());
    }
    void request(Guest& guest, Input& input) override {
        const unsigned choice = input.next() % 8;
        if (choice < 3) {
            const GuestPhysical message = Ram::buffer(0x8000 + 8 * input.below(64));
            guest.memory().view().write(message, std::uint32_t{input.next() % 5u});
            guest.memory().view().write(GuestPhysical{message.value + 4}, static_cast<std::uint16_t>(input.next() % 8));
            guest.memory().view().write(GuestPhysical{message.value + 6}, static_cast<std::uint16_t>(input.next() % 2));
            return guest.add(3, {{message, input.next() % 16 == 0 ? input.next() : 8u}});
        }
        constexpr std::array receive{2u, 2u, 0u, 4u, 6u, 8u};
        constexpr std::array transmit{1u, 5u, 7u, 9u};
        if (choice < 6)
            return guest.add(receive[input.next() % receive.size()], {guest.buffer(true)});
        guest.add(transmit[input.next() % transmit.size()], guest.some_buffers(false));
    }
    void host(Input& input) override {
        const unsigned port = input.next() % 5;
        const std::string_view text = input.text(input.next() % 64);
        const std::string much(input.next() % 8 == 0 ? 5000 : 0, 'x');
        must(console->receive(port, std::as_bytes(std::span{text})) <= text.size());
        must(console->receive(port, std::as_bytes(std::span{much})) <= much.size());
        (void)console->port_open(port);
        if (input.next() % 16 == 0)
            console->resize(input.next(), input.next());
    }

  private:
    std::uint64_t heard_ = 0;
};

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::array<std::string_view, 3> names{"agent", "log", ""};
    Input input{{data, size}};
    const Ram memory;
    Listener listener;
    Console console{memory.view(), listener, names};
    listener.console = &console;
    Guest{input, memory, console, listener, queue_size_limit + 17}.play();
    return 0;
}
