// SPDX-License-Identifier: Apache-2.0
// The clock's window, while time goes on: whoever waits until the deadline and ticks never has to wait in a loop.
#include "devices/goldfish_rtc.hpp"

#include "tests/fuzz/registers.hpp"

namespace {

using namespace fuzz;
using devices::GoldfishRtc;

struct World final : GoldfishRtc::Clock, devices::InterruptController {
    std::uint64_t now() override { return time; }
    void alarm_changed() override { changed = true; }
    void set_level(std::uint32_t, bool level) override { high = level; }
    std::uint64_t time = 0;
    bool changed = false, high = false;
};

constexpr std::array<std::uint64_t, 8> registers{0x00, 0x04, 0x08, 0x0c, 0x10, 0x14, 0x18, 0x1c};

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input{{data, size}};
    World world;
    world.time = input.next<std::uint64_t>() >> 8;
    GoldfishRtc rtc{world, {world, 11}};
    while (!input.empty()) {
        const std::uint64_t before = rtc.deadline();
        world.changed = false;
        access(input, rtc, 0x1000, registers, 4);
        must(rtc.deadline() == before || world.changed);
        world.time += input.next() % 4 == 0 ? input.next<std::uint32_t>() : input.next();
        if (input.next() % 8 == 0 && rtc.deadline() != GoldfishRtc::no_alarm)
            world.time = std::max(world.time, rtc.deadline());
        rtc.tick();
        must(rtc.deadline() > world.time);
        must(rtc.read(0x18, 4) != 0 || rtc.deadline() == GoldfishRtc::no_alarm);
        must(!world.high || rtc.read(0x10, 4) == 1);
    }
    rtc.reset();
    must(!world.high && rtc.deadline() == GoldfishRtc::no_alarm);
    return 0;
}
