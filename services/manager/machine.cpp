// SPDX-License-Identifier: Apache-2.0
#include "services/manager/machine.hpp"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>

#include "abi/boot.hpp"
#include "base/page.hpp"
#include "sdk/mapping.hpp"
#include "sdk/startup.hpp"

namespace {

constexpr std::uint64_t large_page = std::uint64_t{2} << 20;
constexpr std::uint64_t huge_page = std::uint64_t{1} << 30;
using abi::Rights;

/// A machine's share is one hart's: its virtual CPUs on that have it together.
std::uint64_t share_of(const bundle_manifest::Machine& machine) {
    constexpr std::uint64_t scale = 100;
    const auto harts = static_cast<std::uint64_t>(std::popcount(machine.harts));
    const std::uint64_t on_one = (machine.cpus + harts - 1) / harts;
    return machine.share * scale / on_one;
}

void copy_text(std::span<char> to, std::string_view from) {
    std::memcpy(to.data(), from.data(), std::min(from.size(), to.size() - 1));
}

}

std::uint64_t Plan::pages() const {
    std::uint64_t sum = sdk::startup_pages + pages_for(machine.heap) + pages_for(machine.memory);
    for (const File& file : files)
        if (file.told.writable != 0)
            sum += pages_for(file.told.bytes);
    for (const host_devices::Device& device : devices)
        if (device.compatible == "virtio,mmio")
            sum += dma_pages;
    for (const elf::Segment& segment : program.all())
        sum += pages_for(segment.bytes);
    return sum;
}

/// New memory of this machine's, zeroed, with `content` at its start.
abi::Result<sdk::Handle> Machine::take(Memories& memories, std::uint64_t count, std::uint64_t alignment,
                                       std::span<const std::byte> content) {
    const auto pages = memories.ram().take(count, alignment);
    if (!pages)
        return std::unexpected{abi::Error::OutOfQuota};
    pages_.push_back(*pages);
    auto memory = memories.handle(*pages);
    if (!memory)
        return memory;
    if (const auto filled = memories.fill(memory->slot(), pages->count, content); !filled)
        return std::unexpected{filled.error()};
    return memory;
}

/// Memory of the process, mapped into it.
abi::Result<sdk::Handle> Machine::map_new(Memories& memories, std::uint64_t address, std::uint64_t bytes, Rights rights,
                                          std::span<const std::byte> content) {
    auto memory = take(memories, pages_for(bytes), 1, content);
    if (!memory)
        return memory;
    if (const auto mapped = sdk::map(process(), memory->slot(), 0, address, pages_for(bytes), rights); !mapped)
        return std::unexpected{mapped.error()};
    return memory;
}

/// Puts a handle into the process's next slot, which is the one where it looks for it.
abi::Result<void> Machine::grant(abi::Handle expected, sdk::Handle handle, Rights rights) {
    const auto slot = sdk::call(abi::Call::HandleGrant, process(), handle.slot(), rights);
    if (!slot)
        return std::unexpected{slot.error()};
    if (*slot != expected)
        return std::unexpected{abi::Error::BadHandle};
    return {};
}

abi::Result<void> Machine::build(const Plan& plan, const Host& host, const Wiring& wiring, Memories& memories) {
    for (const elf::Segment& segment : plan.program.all()) {
        const Rights rights = segment.execute ? Rights::Read | Rights::Execute
                              : segment.write ? Rights::Read | Rights::Write
                                              : Rights::Read;
        if (const auto mapped = map_new(memories, segment.address, segment.bytes, rights, segment.data); !mapped)
            return std::unexpected{mapped.error()};
    }
    const auto heap = map_new(memories, sdk::heap_address, plan.machine.heap, Rights::Read | Rights::Write, {});
    if (!heap)
        return std::unexpected{heap.error()};
    sdk::Startup startup{};
    if (const auto granted = grant_all(plan, memories, startup); !granted)
        return granted;
    const auto heap_slot = grant(heap->slot(), Rights::Read);
    if (!heap_slot)
        return std::unexpected{heap_slot.error()};
    startup.heap = *heap_slot;
    if (const auto granted = grant_wiring(wiring, startup); !granted)
        return granted;
    if (const auto granted = grant_virtual_cpus(plan.machine, memories, startup); !granted)
        return granted;
    copy_text(startup.name, plan.machine.name);
    copy_text(startup.arguments, plan.machine.arguments);
    copy_text(startup.command_line, plan.machine.command_line);
    copy_text(startup.extensions, host.facts.extensions);
    startup.cbo_block_bytes = host.facts.cbo_block_bytes;
    startup.epoch_nanoseconds = host.epoch_nanoseconds;
    arc4random_buf(startup.seed, sizeof startup.seed);
    startup.cpus = plan.machine.cpus;
    startup.harts = plan.machine.harts;
    startup.priority = plan.machine.priority;
    startup.guest_bytes = plan.machine.memory;
    startup.image_bytes = plan.image_bytes;
    startup.heap_bytes = plan.machine.heap;
    startup.console = plan.machine.console;
    startup.mmu_levels = plan.machine.mmu;
    const auto told =
        map_new(memories, sdk::startup_address, sizeof startup, Rights::Read, std::as_bytes(std::span{&startup, 1}));
    if (!told)
        return std::unexpected{told.error()};
    return {};
}

/// Everything that the process holds by handle.
abi::Result<void> Machine::grant_all(const Plan& plan, Memories& memories, sdk::Startup& startup) {
    // Its RAM, aligned so that guests get large pages, of 1 GiB if there is room; not mapped here for longer than to
    // zero it.
    const std::uint64_t bytes = plan.machine.memory;
    const std::uint64_t alignment = bytes >= huge_page ? huge_page : bytes >= large_page ? large_page : page_bytes;
    auto memory = take(memories, pages_for(bytes), alignment / page_bytes, {});
    if (!memory && alignment == huge_page)
        memory = take(memories, pages_for(bytes), large_page / page_bytes, {});
    if (!memory)
        return std::unexpected{memory.error()};
    const auto log = sdk::call(abi::Call::HandleGrant, process(), abi::boot::system, Rights::Log);
    if (!log || *log != sdk::granted::system)
        return std::unexpected{log ? abi::Error::BadHandle : log.error()};
    if (const auto granted = grant(sdk::granted::guest_memory, std::move(*memory), Rights::All); !granted)
        return granted;
    if (plan.image_bytes != 0) {
        auto image = sdk::call(abi::Call::RangeSplit, plan.bundle, plan.image_page, pages_for(plan.image_bytes));
        if (!image)
            return std::unexpected{image.error()};
        if (const auto granted =
                grant(sdk::granted::image, sdk::Handle{*image}, Rights::Read | Rights::Execute | Rights::Grant);
            !granted)
            return granted;
    }
    for (std::size_t i = 0; i < plan.files.size(); ++i)
        if (const auto granted = grant_file(plan.bundle, plan.files[i], memories, startup.files[i]); !granted)
            return granted;
    for (std::size_t i = 0; i < plan.devices.size(); ++i)
        if (const auto granted = grant_device(plan.devices[i], plan.dma_pages, memories, startup.devices[i]); !granted)
            return granted;
    std::ranges::copy(plan.host_disks, startup.host_disks);
    startup.host_disk_count = plan.host_disks.size();
    return {};
}

/// Gives a member of the bundle to the process, to read; a disk that is to be written as a copy of its own.
abi::Result<void> Machine::grant_file(abi::Handle bundle, const Plan::File& file, Memories& memories,
                                      sdk::Startup::File& told) {
    told = file.told;
    const std::uint64_t pages = pages_for(told.bytes);
    const auto part = sdk::call(abi::Call::RangeSplit, bundle, file.page, pages);
    if (!part)
        return std::unexpected{part.error()};
    sdk::Handle memory{*part};
    if (told.writable != 0) {
        const auto content = sdk::Mapping::create(memory.slot(), 0, pages, Rights::Read);
        if (!content)
            return std::unexpected{content.error()};
        auto copy = take(memories, pages, 1, content->bytes().first(told.bytes));
        if (!copy)
            return std::unexpected{copy.error()};
        memory = std::move(*copy);
    }
    const auto slot = grant(memory.slot(), told.writable != 0 ? Rights::Read | Rights::Write : Rights::Read);
    if (!slot)
        return std::unexpected{slot.error()};
    told.memory = *slot;
    return {};
}

/// Gives a device's registers and lines to the process, and says under which handles.
abi::Result<void> Machine::grant_device(const host_devices::Device& device, std::uint64_t dma_pages, Memories& memories,
                                        sdk::Startup::Device& told) {
    const auto memory = device_memory(device);
    const auto slot = memory ? grant(memory->slot(), Rights::Read | Rights::Write) : std::unexpected{memory.error()};
    if (!slot)
        return std::unexpected{slot.error()};
    devices_.push_back(device);
    copy_text(told.name, device.name);
    told.memory = *slot;
    told.offset = device.address % page_bytes;
    told.bytes = device.bytes;
    for (std::size_t i = 0; i < device.interrupt_count; ++i) {
        const auto line = device_line(device, i);
        const auto granted = line ? grant(line->slot(), Rights::Control) : std::unexpected{line.error()};
        if (!granted)
            return std::unexpected{granted.error()};
        told.interrupts[i] = *granted;
    }
    if (device.compatible != "virtio,mmio")
        return {};
    const auto dma = take(memories, dma_pages, 1, {});
    const auto granted = dma ? grant(dma->slot(), Rights::Read | Rights::Write) : std::unexpected{dma.error()};
    if (!granted)
        return std::unexpected{granted.error()};
    told.dma = *granted;
    return {};
}

abi::Result<std::uint64_t> Machine::grant(abi::Handle handle, Rights rights) {
    return sdk::call(abi::Call::HandleGrant, process(), handle, rights);
}

/// Its ends of the channels to services, and its event.
abi::Result<void> Machine::grant_wiring(const Wiring& wiring, sdk::Startup& startup) {
    if (wiring.event == 0)
        return {};
    const auto event = grant(wiring.event, Rights::Signal | Rights::Wait);
    if (!event)
        return std::unexpected{event.error()};
    startup.event = *event;
    for (const auto& [channel, told] : {std::pair{&wiring.manager, &startup.manager_channel},
                                        {&wiring.console, &startup.console_channel},
                                        {&wiring.debug, &startup.debug_channel}}) {
        if (channel->memory == 0)
            continue;
        const auto memory = grant(channel->memory, Rights::Read | Rights::Write);
        const auto peer = grant(channel->event, Rights::Signal);
        if (!memory || !peer)
            return std::unexpected{memory ? peer.error() : memory.error()};
        *told = {*memory, *peer, channel->bits};
    }
    return {};
}

abi::Result<Machine> Machine::start(const Plan& plan, const Host& host, const Wiring& wiring, Memories& memories,
                                    abi::Handle event, std::uint64_t bits) {
    const auto process = sdk::call(abi::Call::ProcessCreate, plan.machine.quota, event, bits, plan.machine.harts,
                                   share_of(plan.machine));
    if (!process)
        return std::unexpected{process.error()};
    Machine machine;
    machine.process_ = sdk::Object{*process};
    auto built = machine.build(plan, host, wiring, memories);
    if (built) {
        const int hart = std::countr_zero(plan.machine.harts);
        const auto thread =
            sdk::call(abi::Call::ThreadCreate, *process, plan.program.entry, 0, 0, hart, plan.machine.priority);
        if (thread)
            (void)sdk::call(abi::Call::HandleClose, *thread);
        else
            built = std::unexpected{thread.error()};
    }
    if (!built) {
        machine.reclaim(memories);
        return std::unexpected{built.error()};
    }
    return machine;
}

void Machine::reclaim(Memories& memories) {
    process_ = sdk::Object{};
    for (const host_devices::Device& device : devices_)
        quiet(device); // before its memory has another owner
    devices_.clear();
    for (const InterruptFiles::File& file : files_)
        memories.files().give(file);
    files_.clear();
    for (const Ram::Pages& pages : pages_)
        memories.ram().give(pages);
    pages_.clear();
}

std::uint64_t Machine::pages() const {
    std::uint64_t sum = 0;
    for (const Ram::Pages& pages : pages_)
        sum += pages.count;
    return sum;
}
