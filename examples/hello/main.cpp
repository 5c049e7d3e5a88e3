// SPDX-License-Identifier: Apache-2.0
// The smallest monitor: a guest in the loop that all of Sundew is built on.
#include "base/match.hpp"
#include "sdk/image.hpp"
#include "sdk/literals.hpp"
#include "sdk/log.hpp"
#include "sdk/must.hpp"
#include "sdk/virtual_cpu.hpp"

using namespace sdk::literals;

int main() {
    auto memory = sdk::must(sdk::GuestMemory::create(2_MiB), "guest memory");
    const GuestPhysical entry = sdk::must(sdk::load_image(memory), "guest image");
    auto cpu = sdk::must(sdk::VirtualCpu::create(memory, entry), "virtual CPU");
    sdk::Console console;

    for (bool running = true; running;)
        match(
            cpu.resume(), // the guest runs until something happens
            [&](const sdk::SbiCall& call) {
                switch (call.extension) {
                case sbi::Extension::LegacyConsolePutchar:
                    console.put(static_cast<char>(call.argument(0)));
                    return call.answer_legacy(0);
                case sbi::Extension::SystemReset:
                case sbi::Extension::LegacyShutdown: running = false; return;
                default: return call.answer(sbi::Error::NotSupported);
                }
            },
            [&](const sdk::MmioAccess& access) { sdk::fail("no device at gpa:%#lx", access.address.value); },
            [&](const auto&) { sdk::fail("the guest did what this monitor does not handle"); });
    sdk::log("the guest has shut down");
}
