// SPDX-License-Identifier: Apache-2.0
// The monitor of the benchmark guest: answers what the nucleus leaves, as cheaply as a monitor can, and prints the
// guest's figures. Its virtual CPUs run on harts 0, 1, ...
#include <array>
#include <atomic>
#include <optional>

#include "base/match.hpp"
#include "sdk/image.hpp"
#include "sdk/log.hpp"
#include "sdk/must.hpp"
#include "sdk/startup.hpp"
#include "sdk/thread.hpp"
#include "sdk/virtual_cpu.hpp"

namespace {

constexpr std::uint64_t specification_version = 0x0300'0000;
std::array<std::optional<sdk::VirtualCpu>, 2> cpus;
std::optional<sdk::Event> second_starts;
std::atomic<bool> ended{false};
sdk::Console console;

void handle(const sdk::SbiCall& call) {
    switch (call.extension) {
    case sbi::Extension::Base: return call.answer(sbi::Error::Success, specification_version);
    case sbi::Extension::LegacyConsolePutchar:
        console.put(static_cast<char>(call.argument(0)));
        return call.answer_legacy(0);
    case sbi::Extension::HartState: {
        abi::Registers& registers = cpus[1]->registers();
        registers.pc = call.argument(1);
        registers.x[10] = 1;
        second_starts->signal(1);
        return call.answer(sbi::Error::Success);
    }
    case sbi::Extension::SystemReset:
        ended = true;
        second_starts->signal(1);
        return cpus[1]->kick();
    default: return call.answer(sbi::Error::NotSupported);
    }
}

void run(sdk::VirtualCpu& cpu) {
    while (!ended)
        match(
            cpu.resume(), [](const sdk::SbiCall& call) { handle(call); }, [](const sdk::Kicked&) {},
            [](const auto&) { sdk::fail("the benchmark guest did what it should not"); });
}

}

int main() {
    const auto memory = sdk::must(sdk::GuestMemory::create(sdk::startup().guest_bytes), "guest memory");
    const GuestPhysical entry = sdk::must(sdk::load_image(memory), "guest image");
    for (auto& cpu : cpus)
        cpu = sdk::must(sdk::VirtualCpu::create(memory, entry), "virtual CPU");
    second_starts = sdk::must(sdk::Event::create(), "event");
    cpus[0]->registers().x[11] = sdk::system_info(abi::SystemFact::Harts);
    const std::uint64_t last_hart = sdk::system_info(abi::SystemFact::Harts) - 1;
    auto second = sdk::must(sdk::Thread::start(
                                [] {
                                    (void)second_starts->wait(1);
                                    run(*cpus[1]);
                                },
                                last_hart, sdk::startup().priority),
                            "thread");
    run(*cpus[0]);
}
