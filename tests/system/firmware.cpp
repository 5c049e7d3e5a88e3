// SPDX-License-Identifier: Apache-2.0
// A monitor for test guests: firmware (SBI) for up to 8 virtual CPUs, each on a thread of its own, and one device, 64
// bytes of registers. Arguments: the text is passed to the guest, a1 pointing to it; "kick=MS" has all vCPUs kicked
// after that many milliseconds, which ends the guest.
#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>

#include "base/match.hpp"
#include "sdk/decode.hpp"
#include "sdk/guest_virtual.hpp"
#include "sdk/image.hpp"
#include "sdk/literals.hpp"
#include "sdk/log.hpp"
#include "sdk/must.hpp"
#include "sdk/mutex.hpp"
#include "sdk/startup.hpp"
#include "sdk/thread.hpp"
#include "sdk/virtual_cpu.hpp"

using namespace sdk::literals;

namespace {

constexpr GuestPhysical device{0x1000'0000}, arguments_address{0x8000'0000 + 0x100000};
constexpr std::uint64_t device_bytes = 64;

struct Cpu {
    std::optional<sdk::VirtualCpu> cpu;
    std::atomic<bool> started{false};
    std::unique_ptr<sdk::Event> start;
    std::uint64_t exits = 0;
    bool suspended = false; ///< until it is interrupted
};

std::array<Cpu, 8> cpus;
std::atomic<bool> ended{false};
std::atomic<int> status{0};
std::array<std::byte, device_bytes> device_registers;
sdk::Mutex console_mutex;
sdk::Console console;

void console_write(char character) {
    const sdk::Guard guard{console_mutex};
    console.put(character);
}

void end(int how) {
    status = how;
    ended = true;
    for (std::uint64_t i = 0; i < sdk::startup().cpus; ++i) {
        cpus[i].start->signal(1);
        cpus[i].cpu->kick();
    }
}

void hart_start(const sdk::SbiCall& call) {
    const std::uint64_t hart = call.argument(0);
    if (hart >= sdk::startup().cpus)
        return call.answer(sbi::Error::InvalidParameter);
    if (cpus[hart].started.exchange(true))
        return call.answer(sbi::Error::AlreadyAvailable);
    abi::Registers& registers = cpus[hart].cpu->registers();
    registers.pc = call.argument(1);
    registers.x[10] = hart;
    registers.x[11] = call.argument(2);
    cpus[hart].start->signal(1);
    call.answer(sbi::Error::Success);
}

void hart_suspend(Cpu& self, const sdk::SbiCall& call) {
    self.suspended = true;
    call.answer(sbi::Error::Success);
}

void handle(Cpu& self, const sdk::SbiCall& call) {
    switch (call.extension) {
    case sbi::Extension::LegacyConsolePutchar:
        console_write(static_cast<char>(call.argument(0)));
        return call.answer_legacy(0);
    case sbi::Extension::Base: return call.answer(sbi::Error::Success, call.function == 0 ? 0x0300'0000 : 0);
    case sbi::Extension::HartState:
        return call.function == sbi::hart_start     ? hart_start(call)
               : call.function == sbi::hart_suspend ? hart_suspend(self, call)
                                                    : call.answer(sbi::Error::NotSupported);
    case sbi::Extension::SystemReset: return end(static_cast<int>(call.argument(1)));
    case sbi::Extension::Ipi:
    case sbi::Extension::RemoteFence: return call.answer(sbi::Error::InvalidParameter); // the nucleus answers good ones
    default: return call.answer(sbi::Error::NotSupported);
    }
}

/// What htinst said must be what the guest's memory holds.
void check_fetched(const sdk::MmioAccess& access) {
    const auto low = sdk::fetch_guest({access.registers.pc}), high = sdk::fetch_guest({access.registers.pc + 2});
    const auto instruction =
        low && high ? sdk::decode_instruction(static_cast<std::uint32_t>(*high) << 16 | *low) : std::nullopt;
    if (!instruction || instruction->width != access.width || instruction->store != access.store ||
        instruction->register_number != access.register_number || instruction->length != access.instruction_bytes ||
        (!access.store && instruction->sign_extend != access.sign_extend))
        sdk::fail("FAILED htinst and the fetched instruction differ at gva:%#lx", access.registers.pc);
}

bool handle(const sdk::MmioAccess& access) {
    if (access.address.value < device.value || access.address.value - device.value > device_bytes - access.width)
        return false;
    check_fetched(access);
    std::byte* place = &device_registers[access.address.value - device.value];
    std::uint64_t value = 0;
    if (access.store)
        std::memcpy(place, &access.value, access.width);
    else
        std::memcpy(&value, place, access.width);
    access.answer(value);
    return true;
}

void run(std::uint64_t number) {
    Cpu& self = cpus[number];
    (void)self.start->wait(1);
    while (!ended) {
        ++self.exits;
        match(
            std::exchange(self.suspended, false) ? self.cpu->wait() : self.cpu->resume(),
            [&](const sdk::SbiCall& call) { handle(self, call); },
            [&](const sdk::MmioAccess& access) {
                if (!handle(access)) {
                    sdk::log("exit: cpu %lu: access to gpa:%#lx, where nothing is", number, access.address.value);
                    end(3);
                }
            },
            [&](const sdk::GuestPageFault& fault) {
                sdk::log("exit: cpu %lu: guest page fault at gpa:%#lx%s%s", number, fault.address.value,
                         fault.access == sdk::Access::Fetch ? ", fetch" : "", fault.by_walk ? ", page-table walk" : "");
                end(3);
            },
            [&](const sdk::VirtualInstruction& exit) { // as hardware without H would
                constexpr std::uint64_t illegal_instruction = 2;
                (void)self.cpu->raise_exception(illegal_instruction, exit.instruction);
            },
            [&](const sdk::SystemCall& call) {
                sdk::log("exit: cpu %lu: system call %lu", number, call.number);
                end(3);
            },
            [&](const sdk::Exception& exit) {
                sdk::log("exit: cpu %lu: exception %lu", number, static_cast<std::uint64_t>(exit.cause));
                end(3);
            },
            [&](const sdk::Kicked&) {
                if (!ended)
                    sdk::log("cpu %lu was kicked", number);
                ended = true;
            },
            [&](const sdk::Unexpected&) { sdk::fail("FAILED unexpected exit"); },
            [&](const sdk::Gone& gone) { sdk::fail("FAILED resume: %s", sdk::describe(gone.error)); });
    }
}

void kick_after(std::uint64_t milliseconds) {
    const auto never = sdk::must(sdk::Event::create(), "event");
    (void)never.wait(1, sdk::now() + milliseconds * sdk::system_info(abi::SystemFact::TimebaseHertz) / 1000);
    for (std::uint64_t i = 0; i < sdk::startup().cpus; ++i)
        cpus[i].cpu->kick();
}

}

int main() {
    const sdk::Startup& startup = sdk::startup();
    auto memory = sdk::must(sdk::GuestMemory::create(startup.guest_bytes), "guest memory");
    const GuestPhysical entry = sdk::must(sdk::load_image(memory), "guest image");
    (void)memory.write(arguments_address, startup.arguments);
    for (std::uint64_t i = 0; i < startup.cpus; ++i) {
        cpus[i].cpu = sdk::must(sdk::VirtualCpu::create(memory, entry, arguments_address.value), "virtual CPU");
        cpus[i].start = std::make_unique<sdk::Event>(sdk::must(sdk::Event::create(), "event"));
    }
    // The registers of the first vCPU are as VirtualCpu::create left them.
    cpus[0].started = true;
    cpus[0].start->signal(1);

    const std::string_view arguments = startup.arguments;
    const auto kick = arguments.find("kick=");
    std::vector<std::uint64_t> harts;
    for (std::uint64_t hart = 0; hart < 64; ++hart)
        if ((startup.harts >> hart & 1) != 0)
            harts.push_back(hart);
    const std::uint64_t priority = startup.priority;
    std::vector<sdk::Thread> threads;
    if (kick != arguments.npos)
        threads.push_back(
            sdk::must(sdk::Thread::start([=] { kick_after(std::strtoul(startup.arguments + kick + 5, nullptr, 10)); },
                                         harts[0], priority),
                      "kicker"));
    for (std::uint64_t i = 1; i < startup.cpus; ++i)
        threads.push_back(sdk::must(sdk::Thread::start([i] { run(i); }, harts[i % harts.size()], priority), "thread"));
    run(0);
    for (sdk::Thread& thread : threads)
        thread.join();
    sdk::log("the guest has ended with %d", status.load());
    return status;
}
