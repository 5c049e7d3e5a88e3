// SPDX-License-Identifier: Apache-2.0
#include "nucleus/riscv/machine.hpp"

#include <atomic>
#include <bit>

#include "nucleus/page_table.hpp"
#include "nucleus/riscv/csr.hpp"
#include "nucleus/riscv/sbi.hpp"

extern "C" {
extern std::byte image_start[], text_end[], data_start[], data_end[], image_end[], manager_image[];
extern std::uint64_t nucleus_root[512], boot_window[512], starting_hart;
void start_hart_entry();
}

namespace {

std::uint64_t offset(const void* address) {
    return reinterpret_cast<std::uint64_t>(address) - WINDOW;
}

void flush() {
    asm volatile("sfence.vma" ::: "memory");
}

/// Whether hgatp takes this mode (norm:hgatp_mode_warl).
bool guest_mode(std::uint64_t mode) {
    csr::hgatp.write(Atp{}.with(Atp::mode, mode));
    const bool taken = csr::hgatp.read().get(Atp::mode) == mode;
    csr::hgatp.write({});
    return taken;
}

void note(abi::SystemFeature feature, bool there) {
    if (there)
        nucleus.features |= static_cast<std::uint64_t>(feature);
}

}

Image this_image(HostPhysical physical) {
    return {physical,
            offset(image_end),
            offset(text_end),
            offset(data_start),
            offset(data_end) - offset(data_start),
            manager_image,
            {physical.value + offset(nucleus_root)}};
}

void probe_machine() {
    if (!csr::hgatp.exists() || !guest_mode(Atp::sv39))
        refuse("this hart has no hypervisor extension (H with Sv39x4): start the machine with one, "
               "on QEMU with -cpu rv64,h=true");
    constexpr std::uint64_t time_compare = std::uint64_t{1} << 63, dirty_update = std::uint64_t{1} << 61,
                            shadow_stack = 1 << 3, landing_pad = 1 << 2;
    if (csr::henvcfg.exists()) {
        csr::henvcfg.write(~std::uint64_t{0});
        // A guest's senvcfg also holds for its monitor, which has neither landing pads nor a shadow stack.
        nucleus.henvcfg = csr::henvcfg.read() & ~(shadow_stack | landing_pad);
        if (!csr::stimecmp.exists()) // QEMU 7.2 lets STCE be set without Sstc
            nucleus.henvcfg &= ~time_compare;
    }
    note(abi::SystemFeature::Sstc, (nucleus.henvcfg & time_compare) != 0);
    note(abi::SystemFeature::Svade, (nucleus.henvcfg & dirty_update) == 0);
    note(abi::SystemFeature::Sv48x4, guest_mode(Atp::sv48));
    note(abi::SystemFeature::Smstateen, csr::hstateen0.exists());
    note(abi::SystemFeature::Aia, csr::stopei.exists());
    csr::hgeie.write(~std::uint64_t{0});
    nucleus.file_count = 63 - static_cast<std::uint64_t>(std::countl_zero(csr::hgeie.read() | 1)); // norm:geilen
    csr::hgeie.write(0);
    csr::hgatp.write(Atp{}.with(Atp::mode, Atp::sv39).with(Atp::vmid, Atp::vmid.ones));
    nucleus.vmid_count = csr::hgatp.read().get(Atp::vmid) + 1;
    csr::hgatp.write({});
    csr::sstatus.set(Sstatus::vs.mask);
    if (csr::vlenb.exists() && csr::vlenb.read() <= Vcpu::vector_bytes_limit) {
        nucleus.vector_bytes = csr::vlenb.read();
        note(abi::SystemFeature::Vector, true);
    }
}

std::span<const std::byte> map_device_tree(HostPhysical tree) {
    constexpr std::uint64_t large_page = 2 << 20, first = (WINDOW_FDT - WINDOW) / large_page;
    const std::uint64_t page = tree.value & ~(large_page - 1);
    for (std::uint64_t i = 0; i < 2; ++i)
        boot_window[first + i] =
            pte::entry({page + i * large_page}, pte::valid | pte::read | pte::global | pte::accessed_dirty);
    flush();
    const std::uint64_t skip = tree.value - page;
    return {reinterpret_cast<const std::byte*>(WINDOW_FDT + skip), 2 * large_page - skip};
}

void use_window(std::uint64_t entry) {
    nucleus_root[511] = entry;
    flush();
}

void start_hart(const Hart& hart, const Image& image) {
    const auto entry = image.physical.value + offset(reinterpret_cast<const void*>(&start_hart_entry));
    starting_hart = reinterpret_cast<std::uint64_t>(&hart);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    // Other harts may still be on their way through the firmware: it refuses to start them until they are stopped. One
    // at a time, since start.S may have to know which it is.
    const std::uint64_t until = now() + 10 * nucleus.timebase_hertz;
    bool accepted = false;
    while (!hart.running.load(std::memory_order_acquire)) {
        if (!accepted)
            accepted = sbi::call(sbi::Extension::HartState, sbi::hart_start, hart.id, entry, starting_hart).error == 0;
        if (now() > until)
            refuse("firmware does not start a hart that the device tree names");
    }
}

void run_hart(Hart& hart) {
    asm volatile("mv tp, %0\n mv sp, %0\n j run" ::"r"(&hart) : "memory");
    __builtin_unreachable();
}
