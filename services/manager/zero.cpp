// SPDX-License-Identifier: Apache-2.0
#include "services/manager/zero.hpp"

#include <algorithm>
#include <cstring>

#include "base/page.hpp"
#include "sdk/guest_memory.hpp"
#include "sdk/mapping.hpp"
#include "sdk/virtual_cpu.hpp"
#include "services/manager/memories.hpp"

extern "C" const std::byte zero_guest[], zero_guest_end[];

namespace {

using abi::Rights;
constexpr GuestPhysical code_at{0}, memory_at{0x4000'0000}; // aligned so that the largest pages fit
constexpr std::uint64_t blocks_at_once = 8;

constexpr std::uint64_t slice_by_blocks = 2 << 20, slice_by_stores = 256 << 10;

/// One slice: from `begin` up to `end`.
bool zero(sdk::VirtualCpu& cpu, std::uint64_t begin, std::uint64_t end, std::uint64_t block_bytes) {
    constexpr std::uint64_t not_the_nucleus_s = 0x0900'0000; // an extension that it leaves to monitors
    abi::Registers& registers = cpu.registers();
    registers.pc = code_at.value;
    registers.x[10] = begin;
    registers.x[11] = end;
    registers.x[12] = block_bytes;
    registers.x[17] = not_the_nucleus_s;
    const sdk::Exit exit = cpu.resume();
    return std::holds_alternative<sdk::SbiCall>(exit) && registers.x[10] == end;
}

abi::Result<void> run(sdk::VirtualCpu& cpu, std::uint64_t bytes, std::uint64_t block_bytes,
                      const std::function<void()>& between) {
    using enum abi::VcpuRegister;
    if (const auto allowed = cpu.write(Henvcfg, sdk::system_info(abi::SystemFact::Henvcfg)); !allowed)
        return std::unexpected{allowed.error()};
    for (std::uint64_t done = 0; done < bytes; done += slice_by_blocks) {
        const std::uint64_t begin = memory_at.value + done;
        if (!zero(cpu, begin, begin + std::min(slice_by_blocks, bytes - done), block_bytes))
            return std::unexpected{abi::Error::Unsupported};
        between();
    }
    return {};
}

}

bool worth_zeroing_by_blocks(std::uint64_t pages, std::uint64_t block_bytes) {
    constexpr std::uint64_t least_pages = 64, cbze = 1 << 7; // norm:henvcfg_cbze_op
    return pages >= least_pages && block_bytes != 0 && page_bytes % (block_bytes * blocks_at_once) == 0 &&
           (sdk::system_info(abi::SystemFact::Henvcfg) & cbze) != 0;
}

abi::Result<void> zero_by_blocks(abi::Handle memory, std::uint64_t pages, abi::Handle code, std::uint64_t block_bytes,
                                 const std::function<void()>& between) {
    {
        const auto page = sdk::Mapping::create(code, 0, 1);
        if (!page)
            return std::unexpected{page.error()};
        std::memcpy(page->bytes().data(), zero_guest, static_cast<std::size_t>(zero_guest_end - zero_guest));
    }
    asm volatile("fence rw, rw" ::: "memory");
    auto guest = sdk::GuestMemory::create(abi::GuestFlags::None);
    if (!guest)
        return std::unexpected{guest.error()};
    if (const auto mapped = guest->map(code, 0, code_at, 1, Rights::Read | Rights::Execute); !mapped)
        return mapped;
    if (const auto mapped = guest->map(memory, 0, memory_at, pages, Rights::Read | Rights::Write); !mapped)
        return mapped;
    auto cpu = sdk::VirtualCpu::create(*guest, code_at);
    if (!cpu)
        return std::unexpected{cpu.error()};
    return run(*cpu, pages * page_bytes, block_bytes, between);
}

/// Whether it could be done with cbo.zero.
bool Memories::zero_quickly(abi::Handle memory, std::uint64_t pages) {
    if (!worth_zeroing_by_blocks(pages, block_bytes_))
        return false;
    const auto code = ram_.take(1);
    if (!code)
        return false;
    const auto page = handle(*code);
    const bool done = page && zero_by_blocks(memory, pages, page->slot(), block_bytes_, [this] { rest(); });
    ram_.give(*code);
    return done;
}

/// After a slice of work, or all of it, lets whatever else this hart has to run go on for as long as that took: the
/// manager's priority is the highest, and machines that run must not wait for the start of another.
void Memories::rest() {
    if (!considerate_ || !pause_)
        return;
    const std::uint64_t now = sdk::now();
    (void)pause_->wait(1, now + (now - slice_began_));
    slice_began_ = sdk::now();
}

namespace {

/// One slice by stores: zeroes what `content` does not cover; what is left of that.
std::span<const std::byte> fill_slice(std::span<std::byte> to, bool zeroed, std::span<const std::byte> content) {
    const std::size_t copied = std::min(content.size(), to.size());
    if (copied != 0)
        std::memcpy(to.data(), content.data(), copied);
    if (!zeroed)
        std::memset(to.data() + copied, 0, to.size() - copied);
    return content.subspan(copied);
}

}

/// Piece by piece, so that little of the manager's address space is used.
abi::Result<void> Memories::fill(abi::Handle memory, std::uint64_t pages, std::span<const std::byte> content) {
    constexpr std::uint64_t piece = 4096; // 16 MiB
    const bool zeroed = zero_quickly(memory, pages);
    for (std::uint64_t done = 0; done < pages && !(zeroed && content.empty()); done += piece) {
        const auto mapping = sdk::Mapping::create(memory, done, std::min(piece, pages - done));
        if (!mapping)
            return std::unexpected{mapping.error()};
        for (std::span<std::byte> left = mapping->bytes(); !left.empty();) {
            const auto slice = left.first(std::min<std::size_t>(left.size(), slice_by_stores));
            content = fill_slice(slice, zeroed, content);
            left = left.subspan(slice.size());
            if (slice.size() == slice_by_stores)
                rest();
        }
    }
    rest();
    return {};
}
