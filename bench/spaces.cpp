// SPDX-License-Identifier: Apache-2.0
// What guests and their pages cost their monitor, counted by the monitor: under QEMU's -icount `instret` is exact.
#include <cstring>
#include <memory>
#include <optional>

#include "base/page.hpp"
#include "sdk/image.hpp"
#include "sdk/literals.hpp"
#include "sdk/log.hpp"
#include "sdk/must.hpp"
#include "sdk/startup.hpp"
#include "sdk/virtual_cpu.hpp"

using namespace sdk::literals;

namespace {

using abi::Rights;
constexpr std::uint64_t rounds = 100, page_count = 512;
constexpr GuestPhysical base{0x8000'0000}, pages_at{0x9000'0000};

std::uint64_t instructions() {
    std::uint64_t value;
    asm volatile("rdinstret %0" : "=r"(value)::"memory");
    return value;
}

void print_figure(const char* name, std::uint64_t value) {
    sdk::log("bench: %s %lu instructions", name, value);
}

/// A guest, its vCPU and its 2 MiB: what a sandbox or a function is made of.
struct Guest {
    std::optional<sdk::GuestMemory> memory;
    std::optional<sdk::VirtualCpu> cpu;
};

sdk::Handle guest_pages(std::uint64_t first, std::uint64_t count) {
    return sdk::Handle{sdk::must(sdk::call(abi::Call::RangeSplit, sdk::granted::guest_memory, first, count), "pages")};
}

void create(Guest& guest) {
    guest.memory = sdk::must(sdk::GuestMemory::create(abi::GuestFlags::Program), "guest");
    const auto added =
        guest.memory->add(guest_pages(0, 2_MiB / page_bytes), base, Rights::Read | Rights::Write | Rights::Execute);
    if (!added)
        sdk::fail("memory: %s", sdk::describe(added.error()));
    guest.cpu = sdk::must(sdk::VirtualCpu::create(*guest.memory, base), "virtual CPU");
}

void measure_guests() {
    std::uint64_t create_sum = 0, destroy_sum = 0;
    for (std::uint64_t round = 0; round < rounds + 2; ++round) {
        Guest guest;
        const std::uint64_t before = instructions();
        create(guest);
        (void)guest.cpu->resume();
        const std::uint64_t first = guest.cpu->registers().x[10]; // the guest's first instruction read it
        const std::uint64_t destroying = instructions();
        guest.cpu.reset();
        guest.memory.reset();
        const std::uint64_t after = instructions();
        if (round < 2)
            continue; // the monitor's own page tables come once
        create_sum += first - before;
        destroy_sum += after - destroying;
    }
    print_figure("guest-create-to-first-instruction", create_sum / rounds);
    print_figure("guest-destroy", destroy_sum / rounds);
}

void measure_system_call() {
    Guest guest;
    create(guest);
    (void)guest.cpu->resume();
    constexpr std::uint64_t many = 1000;
    const std::uint64_t before = instructions();
    for (std::uint64_t i = 0; i < many; ++i) {
        const sdk::Exit exit = guest.cpu->resume();
        if (const auto* call = std::get_if<sdk::SystemCall>(&exit))
            call->answer(0);
    }
    const std::uint64_t after = instructions();
    constexpr std::uint64_t guest_instructions = 1; // the jump back, every second time
    print_figure("system-call-of-a-program", (after - before) / many - guest_instructions);
}

/// Operations on pages of a guest whose vCPU is loaded here, one by one and all at once.
void measure_pages() {
    Guest guest;
    create(guest);
    (void)guest.cpu->resume();
    const sdk::Handle pages = guest_pages(512, page_count);
    const sdk::GuestMemory& memory = *guest.memory;
    const auto each = [&](const char* name, auto action) {
        const std::uint64_t before = instructions();
        for (std::uint64_t page = 0; page < page_count; ++page)
            if (!action(page))
                sdk::fail("%s failed", name);
        print_figure(name, (instructions() - before) / page_count);
    };
    const auto at = [](std::uint64_t page) { return GuestPhysical{pages_at.value + page * page_bytes}; };
    (void)memory.map(pages.slot(), 0, pages_at, 1, Rights::Read); // its tables come once
    (void)memory.protect(pages_at, 1, Rights::None);
    each("page-map",
         [&](std::uint64_t page) { return memory.map(pages.slot(), page, at(page), 1, Rights::Read).has_value(); });
    each("page-protect",
         [&](std::uint64_t page) { return memory.protect(at(page), 1, Rights::Read | Rights::Write).has_value(); });
    each("page-unmap", [&](std::uint64_t page) { return memory.protect(at(page), 1, Rights::None).has_value(); });
    const auto batch = [&](const char* name, auto action) {
        const std::uint64_t before = instructions();
        if (!action())
            sdk::fail("%s failed", name);
        print_figure(name, (instructions() - before) / page_count);
    };
    batch("page-map-in-a-batch",
          [&] { return memory.map(pages.slot(), 0, pages_at, page_count, Rights::Read).has_value(); });
    batch("page-protect-in-a-batch",
          [&] { return memory.protect(pages_at, page_count, Rights::Read | Rights::Write).has_value(); });
    batch("page-unmap-in-a-batch", [&] { return memory.protect(pages_at, page_count, Rights::None).has_value(); });
}

/// The image goes where each guest's memory begins.
void place_image() {
    const auto image = sdk::must(sdk::Mapping::create(sdk::granted::image, 0, 1, Rights::Read), "image");
    const auto memory = sdk::must(sdk::Mapping::create(sdk::granted::guest_memory, 0, 1), "memory");
    std::memcpy(memory.bytes().data(), image.bytes().data(), sdk::startup().image_bytes);
}

}

int main() {
    place_image();
    measure_system_call();
    measure_guests();
    measure_pages();
}
