// SPDX-License-Identifier: Apache-2.0
// The register window alone: a machine is reset, negotiated with and started by arbitrary accesses.
#include "devices/ram_disk.hpp"
#include "devices/virtio/block.hpp"
#include "tests/fuzz/virtio.hpp"

namespace {

using namespace fuzz;

/// Offsets of registers come more often than others, and so do values that mean something there.
void access(Input& input, Mmio& mmio) {
    constexpr std::array<std::uint64_t, 16> common{Status,       QueueSel,       QueueSize,       QueueReady,
                                                   QueueNotify,  DriverFeatures, QueueReset,      DriverFeaturesSel,
                                                   QueueDescLow, QueueDriverLow, QueueDeviceLow,  QueueDescLow + 4,
                                                   InterruptACK, Config,         InterruptStatus, DeviceFeatures};
    constexpr std::array<std::uint32_t, 12> values{0,   1,   3,           11,          15,          64,
                                                   128, 256, 0x8000'0000, 0x8000'1000, 0x8000'2000, ~0u};
    const std::uint8_t choice = input.next();
    const std::uint64_t offset = choice & 1 ? common[input.next() % common.size()] : input.below(0xff9);
    const unsigned width = choice & 2 ? 4 : 1u << input.next() % 4;
    if (choice & 4)
        (void)mmio.read(offset, width);
    else
        mmio.write(offset, width, choice & 8 ? values[input.next() % values.size()] : input.next<std::uint64_t>());
}

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input{{data, size}};
    const Ram memory;
    std::vector<std::byte> content(32 * sector_bytes);
    RamDisk disk{memory.view(), std::span{content}};
    Block block{memory.view(), disk, "disk"};
    Line line;
    Mmio mmio{block, line.line()};
    const Registers registers{mmio};
    while (!input.empty()) {
        access(input, mmio);
        for (std::uint64_t offset = 0; offset < Config + 64; offset += 4)
            (void)registers.get(offset); // which compares it with what the guest is shown
        const std::uint32_t now = registers.get(Status);
        must(line.high == (registers.get(InterruptStatus) != 0));
        must(!(now & status::driver_ok) || (now & status::features_ok));
        must(!(now & status::features_ok) || (now & status::driver));
        must(!line.high || (now & status::driver_ok));
        if (input.next() % 8 == 0)
            memory.put(Ram::at(input.next<std::uint16_t>() % 0x3000), input.text(input.next() % 32));
    }
    registers.set(Status, 0);
    must(registers.get(Status) == 0 && !line.high);
    return 0;
}
