// SPDX-License-Identifier: Apache-2.0
// A program from anywhere: what is accepted keeps its promises.
#include <cstdlib>

#include "services/manager/elf.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::uint64_t lowest = 0x10000, limit = 0x1000'0000;
    const auto program = elf::read(std::as_bytes(std::span{data, size}), lowest, limit);
    if (!program)
        return 0;
    bool entered = false;
    unsigned sum = 0; // all of it can be read
    for (const elf::Segment& segment : program->all()) {
        if (segment.address < lowest || segment.address + segment.bytes > limit ||
            segment.data.size() > segment.bytes || (segment.write && segment.execute))
            std::abort();
        entered |=
            segment.execute && program->entry >= segment.address && program->entry < segment.address + segment.bytes;
        for (const std::byte each : segment.data) // all of it can be read
            sum += static_cast<unsigned>(each);
    }
    if (!entered)
        std::abort();
    asm volatile("" ::"r"(sum));
    return 0;
}
