// SPDX-License-Identifier: Apache-2.0
// The smallest driver of a virtio block device (virtio 1.2, "Virtio Over MMIO", "Split Virtqueues", "Block Device").
#include "bench/primitives/block.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "bench/primitives/ipi.hpp"

namespace {

constexpr std::uint64_t queue_size = 8;
struct Descriptor {
    std::uint64_t address;
    std::uint32_t bytes;
    std::uint16_t flags, next;
};
struct alignas(4096) Queue {
    Descriptor descriptors[queue_size];
    std::uint16_t available_flags, available_index, available[queue_size], used_event;
    alignas(4) std::uint16_t used_flags;
    std::atomic<std::uint16_t> used_index;
    std::uint64_t used[queue_size];
    struct {
        std::uint32_t type, reserved;
        std::uint64_t sector;
    } header;
    std::uint8_t status;
};
constinit Queue queue{};
constexpr std::uint64_t data_bytes = 128 << 10;
alignas(4096) std::byte data[data_bytes];

class Device {
  public:
    Device(const Platform& platform, const Platform::Virtio& where) : platform_{platform}, where_{where} {}

    bool is_block() const {
        constexpr std::uint32_t magic = 0x7472'6976, modern = 2, block = 2;
        return reg(0x000) == magic && reg(0x004) == modern && reg(0x008) == block;
    }
    /// Whether the device has agreed to be driven.
    bool start() const {
        constexpr std::uint32_t acknowledge = 1, driver = 2, driver_ok = 4, features_ok = 8;
        reg(status) = 0;
        reg(status) = acknowledge;
        reg(status) = acknowledge | driver;
        for (std::uint32_t half = 0; half < 2; ++half) {
            reg(0x024) = half; // DriverFeaturesSel: nothing but VERSION_1
            reg(0x020) = half;
        }
        reg(status) = acknowledge | driver | features_ok;
        reg(0x030) = 0; // QueueSel
        if ((reg(status) & features_ok) == 0 || reg(0x034) < queue_size)
            return false;
        reg(0x038) = queue_size;
        set_address(0x080, &queue.descriptors);
        set_address(0x090, &queue.available_flags);
        set_address(0x0a0, &queue.used_flags);
        reg(0x044) = 1; // QueueReady
        reg(status) = acknowledge | driver | features_ok | driver_ok;
        enable_interrupt();
        return true;
    }
    /// Whether the device read `bytes` from the disk's start.
    bool read(std::uint32_t bytes) const {
        constexpr std::uint16_t next = 1, device_writes = 2;
        queue.header = {0, 0, 0};
        queue.status = 0xff;
        queue.descriptors[0] = {address(&queue.header), sizeof queue.header, next, 1};
        queue.descriptors[1] = {address(data), bytes, next | device_writes, 2};
        queue.descriptors[2] = {address(&queue.status), 1, device_writes, 0};
        const std::uint16_t before = queue.used_index.load(std::memory_order_acquire);
        queue.available[queue.available_index % queue_size] = 0;
        std::atomic_thread_fence(std::memory_order_release);
        *const_cast<volatile std::uint16_t*>(&queue.available_index) =
            static_cast<std::uint16_t>(queue.available_index + 1);
        asm volatile("fence iorw, iorw" ::: "memory");
        reg(0x050) = 0; // QueueNotify
        while (queue.used_index.load(std::memory_order_acquire) == before) {
            wait_for_interrupt();
            take_interrupt();
        }
        return *const_cast<volatile std::uint8_t*>(&queue.status) == 0;
    }

  private:
    static constexpr std::uint64_t status = 0x070;
    /// By a message where there is an AIA ("Advanced Platform-Level Interrupt Controller": domaincfg, sourcecfg,
    /// target, setienum). It wakes from WFI; no interrupt is taken.
    void enable_interrupt() const {
        if (platform_.aplic != 0) {
            constexpr std::uint32_t interrupts_on = 1 << 8, messages = 1 << 2, level_high = 6, hart_shift = 18;
            aplic(0) = interrupts_on | messages;
            aplic(4 * where_.interrupt) = level_high;
            aplic(0x3000 + 4 * where_.interrupt) =
                static_cast<std::uint32_t>(platform_.aplic_hart << hart_shift | ipi::identity);
            aplic(0x1edc) = static_cast<std::uint32_t>(where_.interrupt);
            ipi::open_file();
            return;
        }
        plic(4 * where_.interrupt) = 1;
        plic(0x2000 + 0x80 * platform_.context + where_.interrupt / 32 * 4) = 1u << where_.interrupt % 32;
        plic(0x20'0000 + 0x1000 * platform_.context) = 0;
        write_csr<csr::sie>(interrupt_bit::external);
    }
    void take_interrupt() const {
        if (platform_.aplic != 0) {
            if (ipi::take_message() != 0)
                reg(0x064) = reg(0x060); // InterruptACK, InterruptStatus
            return;
        }
        auto& claim = plic(0x20'0004 + 0x1000 * platform_.context);
        if (const std::uint32_t source = claim) {
            reg(0x064) = reg(0x060);
            claim = source;
        }
    }
    static std::uint64_t address(const void* pointer) { return reinterpret_cast<std::uint64_t>(pointer); }
    volatile std::uint32_t& reg(std::uint64_t offset) const {
        return *reinterpret_cast<volatile std::uint32_t*>(where_.address + offset);
    }
    volatile std::uint32_t& aplic(std::uint64_t offset) const {
        return *reinterpret_cast<volatile std::uint32_t*>(platform_.aplic + offset);
    }
    volatile std::uint32_t& plic(std::uint64_t offset) const {
        return *reinterpret_cast<volatile std::uint32_t*>(platform_.plic + offset);
    }
    void set_address(std::uint64_t offset, const void* pointer) const {
        reg(offset) = static_cast<std::uint32_t>(address(pointer));
        reg(offset + 4) = static_cast<std::uint32_t>(address(pointer) >> 32);
    }

    const Platform& platform_;
    const Platform::Virtio& where_;
};

constexpr std::string_view marks = "marks";

/// Whether reading instret raises no exception and tells that instructions run.
bool counts_instructions() {
    const std::uint64_t exceptions = harts[0].exceptions.load(), before = read_csr<csr::instret>();
    asm volatile("nop\n nop" ::: "memory");
    const std::uint64_t after = read_csr<csr::instret>();
    return harts[0].exceptions.load() == exceptions && after != before;
}

/// The median: a read that is finished before it is waited for costs no interrupt. With `marks` (bench/linux/relay.cpp)
/// somebody else counts, all of them together.
void measure(const Meter& meter, const Device& device) {
    const auto reads = [&](std::string_view name, std::uint32_t bytes) {
        constexpr std::uint64_t rounds = 100, warm_up = 30; // more than a disk with a limit does at once
        // Three seconds at 200 reads a second, where the host counts: so long it has things to do after its own start.
        const bool marked = meter.platform().command_line == marks;
        for (std::uint64_t i = 0; i < (marked ? 20 * warm_up : warm_up); ++i)
            (void)device.read(bytes);
        bool well = true;
        if (marked) {
            print(meter.platform(), name);
            print(meter.platform(), "/100\2");
            for (std::uint64_t i = 0; i < rounds; ++i)
                well &= device.read(bytes);
            return print(meter.platform(), well ? "\3\n" : "\nbenchmark failed: the disk cannot be read\n");
        }
        std::array<std::uint64_t, rounds> took;
        for (std::uint64_t& each : took) {
            const std::uint64_t before = read_csr<csr::instret>();
            well &= device.read(bytes);
            each = read_csr<csr::instret>() - before;
        }
        std::ranges::nth_element(took, took.begin() + rounds / 2);
        if (well)
            print_figure(meter.platform(), name, took[rounds / 2], "instructions");
        else
            print_reason(meter.platform(), name, "the disk cannot be read");
    };
    reads("virtio-blk-4k", 4096);
    reads("virtio-blk-128k", data_bytes);
}

/// The first block device; null if there is none.
const Platform::Virtio* find_disk(const Platform& platform) {
    for (const Platform::Virtio& each : std::span{platform.virtio}.first(platform.virtio_count))
        if (Device{platform, each}.is_block())
            return &each;
    return nullptr;
}

/// Whether there is something to take its interrupts with, and it has agreed to be driven.
bool start(const Platform& platform, const Device& device, std::string_view name) {
    if (platform.plic == 0 && platform.aplic == 0)
        print_reason(platform, name, "there is neither a PLIC nor an APLIC");
    else if (!device.start())
        print_reason(platform, name, "the disk refuses its driver");
    else
        return true;
    return false;
}

}

bool block_reads(const Meter& meter) {
    const Platform& platform = meter.platform();
    const Platform::Virtio* disk = find_disk(platform);
    if (!disk)
        return false;
    const Device device{platform, *disk};
    if (platform.command_line != marks && !counts_instructions()) {
        print_reason(platform, "virtio-blk-4k", "instret does not count here");
    } else if (start(platform, device, "virtio-blk-4k")) {
        measure(meter, device);
        write_csr<csr::sie>(0);
    }
    return true;
}

bool repeat_reads(const Platform& platform, std::uint64_t count) {
    const Platform::Virtio* disk = find_disk(platform);
    if (!disk)
        return false;
    const Device device{platform, *disk};
    bool well = start(platform, device, "read");
    for (std::uint64_t i = 0; well && i < count; ++i)
        well = device.read(4096);
    return well;
}
