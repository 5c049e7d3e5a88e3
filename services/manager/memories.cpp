// SPDX-License-Identifier: Apache-2.0
#include "services/manager/memories.hpp"

#include "abi/boot.hpp"
#include "base/page.hpp"
#include "sdk/mapping.hpp"
#include "sdk/time.hpp"

std::uint64_t range_info(abi::Handle slot, std::uint64_t which) {
    return sdk::call(abi::Call::RangeInfo, slot, which).value_or(0);
}

Memories::Memories(ManagerHeap heap) {
    if (auto pause = sdk::Event::create())
        pause_.emplace(std::move(*pause));
    for (abi::Handle slot = abi::boot::first_ram; slot < abi::boot::first_device; ++slot) {
        Ram::Pages pages{range_info(slot, 0), range_info(slot, 1)};
        if (pages.count == 0)
            break;
        ranges_.push_back({slot, pages});
        if (slot == heap.slot)
            pages = {pages.first + heap.pages, pages.count - heap.pages};
        ram_.give(pages);
        pages_ += pages.count;
    }
}

abi::Result<sdk::Handle> Memories::handle(Ram::Pages pages) const {
    for (const Range& range : ranges_)
        if (pages.first >= range.pages.first && pages.first - range.pages.first < range.pages.count) {
            const auto slot =
                sdk::call(abi::Call::RangeSplit, range.slot, pages.first - range.pages.first, pages.count);
            if (!slot)
                return std::unexpected{slot.error()};
            return sdk::Handle{*slot};
        }
    return std::unexpected{abi::Error::BadArgument};
}

abi::Result<sdk::Handle> device_memory(const host_devices::Device& device) {
    const std::uint64_t first = device.address / page_bytes;
    const std::uint64_t pages = pages_for(device.address % page_bytes + device.bytes);
    for (abi::Handle slot = abi::boot::first_device; slot < abi::boot::last; ++slot) {
        const std::uint64_t start = range_info(slot, 0), count = range_info(slot, 1);
        if (first < start || first - start >= count || pages > count - (first - start))
            continue;
        const auto part = sdk::call(abi::Call::RangeSplit, slot, first - start, pages);
        if (!part)
            return std::unexpected{part.error()};
        return sdk::Handle{*part};
    }
    return std::unexpected{abi::Error::BadArgument};
}

abi::Result<sdk::Handle> device_line(const host_devices::Device& device, std::size_t index) {
    const std::uint64_t first = range_info(abi::boot::interrupts, 0);
    const auto line = sdk::call(abi::Call::RangeSplit, abi::boot::interrupts, device.interrupts[index] - first, 1);
    if (!line)
        return std::unexpected{line.error()};
    return sdk::Handle{*line};
}

void quiet(const host_devices::Device& device) {
    constexpr std::size_t status = 0x70 / sizeof(std::uint32_t); // "MMIO Device Register Layout"
    if (device.compatible == "virtio,mmio")
        if (const auto memory = device_memory(device))
            if (const auto mapping = sdk::Mapping::create(memory->slot(), 0, 1)) {
                auto* registers =
                    reinterpret_cast<volatile std::uint32_t*>(mapping->bytes().data() + device.address % page_bytes);
                const std::uint64_t limit = sdk::now() + sdk::ticks_per_second();
                registers[status] = 0;
                while (registers[status] != 0 && sdk::now() < limit) {
                }
            }
    for (std::size_t i = 0; i < device.interrupt_count; ++i)
        if (const auto line = device_line(device, i))
            (void)sdk::call(abi::Call::InterruptAcknowledge, line->slot(), 0);
}
