// SPDX-License-Identifier: Apache-2.0
// All of a machine's windows at once, as the monitor has them: devices that raise each other's lines in one PLIC.
#include "monitors/machine/bus.hpp"
#include "devices/goldfish_rtc.hpp"
#include "devices/plic.hpp"
#include "devices/ram_disk.hpp"
#include "devices/test_finisher.hpp"
#include "devices/uart16550.hpp"
#include "devices/virtio/balloon.hpp"
#include "devices/virtio/block.hpp"
#include "devices/virtio/console.hpp"
#include "devices/virtio/entropy.hpp"
#include "devices/virtio/queue_driver.hpp"
#include "monitors/machine/map.hpp"
#include "tests/fuzz/input.hpp"

namespace {

using namespace fuzz;
using namespace devices;
using namespace devices::virtio;
namespace map = machine::map;

class World final : Plic::Listener,
                    Uart16550::Listener,
                    TestFinisher::Listener,
                    GoldfishRtc::Clock,
                    ConsoleListener,
                    EntropySource,
                    BalloonListener {
  public:
    World() {
        bus_.add(map::plic, plic_);
        for (std::size_t slot = 0; slot < slots_.size(); ++slot)
            bus_.add(map::virtio(slot), slots_[slot]);
        bus_.add(map::uart, uart_);
        bus_.add(map::test, finisher_);
        bus_.add(map::rtc, rtc_);
    }

    void act(Input& input) {
        calls_ = 0;
        const std::uint8_t choice = input.next();
        if (choice < 16) {
            memory_.put(test::Ram::at(input.next<std::uint16_t>() % 0x3000), input.text(input.next() % 48));
        } else if (choice < 32) {
            for (Mmio& slot : slots_)
                (void)slot.poll();
        } else if (choice < 40) {
            const std::string_view typed = input.text(input.next() % 40);
            (void)(choice % 2 != 0 ? uart_.receive(std::as_bytes(std::span{typed}))
                                   : console_.receive(0, std::as_bytes(std::span{typed})));
        } else {
            access(input);
        }
        rtc_.tick();
        must(rtc_.deadline() > time_);
        must(calls_ < 64 * 1024); // bounded, whatever one access asks for
    }

  private:
    void access(Input& input) {
        constexpr std::array windows{map::plic,      map::uart,      map::test,      map::rtc,
                                     map::virtio(0), map::virtio(1), map::virtio(2), map::virtio(3)};
        const GuestRange window = windows[input.next() % windows.size()];
        const std::uint32_t place = input.next<std::uint32_t>();
        const std::uint64_t offset =
            input.next() % 4 != 0 ? place % 0x110 & ~std::uint64_t{3} : place % (window.bytes + 8);
        const unsigned width = input.next() % 4 != 0 ? 4 : 1u << input.next() % 4;
        const auto* found = bus_.find({window.first.value + offset}, width);
        must(!found || (found->range.contains({window.first.value + offset}) && found->range.bytes >= width));
        if (!found)
            return;
        const std::uint64_t at = window.first.value + offset - found->range.first.value;
        if (input.next() % 3 == 0)
            (void)found->device->read(at, width);
        else
            found->device->write(at, width, value(input));
    }
    /// Numbers that mean something to one device or another come more often than others.
    static std::uint64_t value(Input& input) {
        constexpr std::array<std::uint64_t, 12> common{0,   1,   3,           11,          15,          128,
                                                       256, 0xf, 0x8000'0000, 0x8000'1000, 0x8000'2000, ~0u};
        return input.next() % 2 != 0 ? common[input.next() % common.size()] : input.next<std::uint64_t>();
    }

    void external_interrupt(unsigned, bool) override { ++calls_; }
    void uart_output(std::uint8_t) override { ++calls_; }
    void uart_ready() override { ++calls_; }
    void test_passed() override { ++calls_; }
    void test_failed(std::uint16_t) override { ++calls_; }
    void test_reset() override { ++calls_; }
    std::uint64_t now() override { return time_ += 1000; }
    void alarm_changed() override { ++calls_; }
    void console_output(unsigned, std::span<const std::byte>) override { ++calls_; }
    std::size_t fill(std::span<std::byte> bytes) override {
        ++calls_;
        return bytes.size();
    }
    void pages_given_up(GuestRange) override { ++calls_; }
    void pages_taken_back(GuestRange) override { ++calls_; }
    void pages_free(GuestRange) override { ++calls_; }
    void statistic(std::uint16_t, std::uint64_t) override { ++calls_; }

    std::uint64_t time_ = 0;
    unsigned calls_ = 0;
    test::Ram memory_;
    GuestRam ram_ = memory_.view();
    std::vector<std::byte> content_ = std::vector<std::byte>(64 * sector_bytes);
    RamDisk disk_{ram_, std::span{content_}};
    Plic plic_{*this};
    Uart16550 uart_{*this, {plic_, map::uart_interrupt}};
    TestFinisher finisher_{*this};
    GoldfishRtc rtc_{*this, {plic_, map::rtc_interrupt}};
    Block block_{ram_, disk_, "disk"};
    Console console_{ram_, *this};
    Entropy entropy_{ram_, *this};
    Balloon balloon_{ram_, *this};
    std::array<Mmio, 4> slots_{
        Mmio{block_, {plic_, map::virtio_interrupt(0)}}, Mmio{console_, {plic_, map::virtio_interrupt(1)}},
        Mmio{entropy_, {plic_, map::virtio_interrupt(2)}}, Mmio{balloon_, {plic_, map::virtio_interrupt(3)}}};
    machine::Bus bus_;
};

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input{{data, size}};
    World world;
    while (!input.empty())
        world.act(input);
    return 0;
}
