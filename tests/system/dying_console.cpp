// SPDX-License-Identifier: Apache-2.0
// The console service, but for its deaths: one at each of two moments after the host was switched on.
#include <array>

#include "sdk/event.hpp"
#include "sdk/must.hpp"
#include "sdk/startup.hpp"
#include "sdk/thread.hpp"
#include "sdk/time.hpp"
#include "services/console/service.hpp"

namespace {

constexpr std::array<std::uint64_t, 2> seconds{12, 26};

void live_and_die() {
    const auto nobody = sdk::must(sdk::Event::create(), "event");
    for (const std::uint64_t end : seconds)
        if (end * sdk::ticks_per_second() > sdk::now()) {
            (void)nobody.wait(1, end * sdk::ticks_per_second());
            asm volatile("sd zero, 0(zero)" ::: "memory");
        }
}

}

int main() {
    Service service;
    const std::uint64_t last_hart = sdk::system_info(abi::SystemFact::Harts) - 1;
    const auto death = sdk::must(sdk::Thread::start(live_and_die, last_hart, sdk::startup().priority), "thread");
    service.run();
}
