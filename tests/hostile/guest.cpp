// SPDX-License-Identifier: Apache-2.0
// A machine's guest that attacks it from inside: every window with every width, devices with rings of garbage, page
// tables and code where there is no memory, harts that go astray. Each part ends with "ok NAME"; what it must come to
// is that the guest can still power off, and that nobody else has noticed.
#include <array>
#include <atomic>

#include "guests/guest.hpp"

namespace {

constexpr std::uint64_t ram = 0x8000'0000, ram_end = 0x8200'0000; // tests/hostile/test_machine.py gives it 32 MiB
constexpr std::uint64_t test = 0x10'0000, rtc = 0x10'1000, plic = 0xc00'0000, uart = 0x1000'0000, virtio = 0x1000'1000,
                        nowhere = 0x4000'0000;
constexpr std::uint64_t fetch_access_fault = 1, load_access_fault = 5, store_access_fault = 7;
constexpr unsigned slots = 8;

/// Marsaglia's xorshift: the same numbers each time.
class Random {
  public:
    explicit Random(std::uint64_t seed) : state_{seed} {}
    std::uint64_t next() {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 7;
        return state_ ^= state_ << 17;
    }
    std::uint64_t below(std::uint64_t limit) { return next() % limit; }

  private:
    std::uint64_t state_;
};

template <class T>
std::uint64_t load_as(std::uint64_t address) {
    return *reinterpret_cast<volatile T*>(address);
}
std::uint64_t load(std::uint64_t address, unsigned width) {
    switch (width) {
    case 1: return load_as<std::uint8_t>(address);
    case 2: return load_as<std::uint16_t>(address);
    case 4: return load_as<std::uint32_t>(address);
    default: return load_as<std::uint64_t>(address);
    }
}
void store(std::uint64_t address, unsigned width, std::uint64_t value) {
    switch (width) {
    case 1: *reinterpret_cast<volatile std::uint8_t*>(address) = static_cast<std::uint8_t>(value); break;
    case 2: *reinterpret_cast<volatile std::uint16_t*>(address) = static_cast<std::uint16_t>(value); break;
    case 4: *reinterpret_cast<volatile std::uint32_t*>(address) = static_cast<std::uint32_t>(value); break;
    default: *reinterpret_cast<volatile std::uint64_t*>(address) = value;
    }
}
void store_word(std::uint64_t address, std::uint64_t value) {
    store(address, 4, value);
}
void jump(std::uint64_t address) {
    reinterpret_cast<void (*)()>(address)();
}
std::uint64_t cause_of(auto action) {
    const ExpectedTrap trap = trap_of(action);
    return trap.count == 1 ? trap.cause : trap.count == 0 ? ~std::uint64_t{0} : ~std::uint64_t{1};
}

/// Code where there is none: devices, nothing, the end of memory, and an address that means something to programs
/// without a kernel.
void attack_by_fetching() {
    bool ok = true;
    for (const std::uint64_t address :
         {uart, virtio, plic, nowhere, ram - 4, ram_end, std::uint64_t{0}, std::uint64_t{0xffff'ffff'ffff'f000},
          std::uint64_t{0xffff'ffff'ffff'fffe}, std::uint64_t{1} << 41, std::uint64_t{1} << 62})
        ok = ok && cause_of([=] { jump(address); }) == fetch_access_fault;
    store(ram_end - 2, 2, 3); // half an instruction, then nothing
    ok = ok && cause_of([] { jump(ram_end - 2); }) == fetch_access_fault;
    report("fetch", ok);
}

void attack_by_loading_nothing() {
    bool ok = true;
    for (const std::uint64_t address : {nowhere, ram - 8, ram_end, uart + 0x100, std::uint64_t{0},
                                        std::uint64_t{1} << 41, std::uint64_t{0xffff'ffff'ffff'fff8}}) {
        ok = ok && cause_of([=] { (void)load(address, 8); }) == load_access_fault;
        ok = ok && cause_of([=] { store(address, 8, 0); }) == store_access_fault;
    }
    report("nothing", ok);
}

/// Accesses that are not aligned, reach over a window's end, or over that of the memory.
void attack_by_misaligning() {
    bool ok = true;
    for (const unsigned width : {2u, 4u, 8u}) {
        ok = ok && cause_of([=] { (void)load(uart + 0x100 - width + 1, width); }) == load_access_fault;
        ok = ok && cause_of([=] { store(uart + 0x100 - width + 1, width, 0); }) == store_access_fault;
        ok = ok && cause_of([=] { (void)load(ram_end - width + 1, width); }) == load_access_fault;
        for (const std::uint64_t window : {test, rtc, plic, uart + 8, virtio})
            for (std::uint64_t offset = 1; offset < 8; ++offset) {
                const auto cause = cause_of([=] { (void)load(window + offset, width); });
                ok = ok && (cause == ~std::uint64_t{0} || cause == 4 || cause == load_access_fault);
            }
    }
    report("misaligned", ok);
}

/// What a device cannot be accessed with: atomics, floating point, vectors. `loaded` comes of the loads.
bool odd_instructions_fault(std::uint64_t place, std::uint64_t loaded) {
    bool ok = cause_of([=] { asm volatile("amoadd.w x0, x0, (%0)" ::"r"(place) : "memory"); }) == store_access_fault;
    ok = ok && cause_of([=] { asm volatile("amoswap.d x0, x0, (%0)" ::"r"(place) : "memory"); }) == store_access_fault;
    ok = ok && cause_of([=] { asm volatile("lr.w x0, (%0)" ::"r"(place) : "memory"); }) == loaded;
    (void)trap_of([=] { asm volatile("sc.w x0, x0, (%0)" ::"r"(place) : "memory"); });
    ok = ok && cause_of([=] {
                   asm volatile(".option push\n.option arch, +d\nfld f0, (%0)\n.option pop" ::"r"(place) : "memory");
               }) == loaded;
    ok = ok && cause_of([=] {
                   asm volatile(".option push\n.option arch, +d\nfsw f0, (%0)\n.option pop" ::"r"(place) : "memory");
               }) == store_access_fault;
    const std::uint64_t vectors = cause_of([=] {
        asm volatile(
            ".option push\n.option arch, +v\nvsetivli x0, 4, e8, m1, ta, ma\nvle8.v v0, (%0)\n.option pop" ::"r"(place)
            : "memory");
    });
    return ok && (vectors == loaded || vectors == ~std::uint64_t{1}); // without vectors both are illegal
}

/// Loads of virtio's registers are those of memory, whatever loads.
void attack_by_odd_instructions() {
    set_csr<csr::sstatus>(3 << 13 | 3 << 9); // FS, VS
    const std::uint64_t scratch = uart + 7, no_trap = ~std::uint64_t{0};
    store(scratch, 1, 0x5a);
    const bool ok = odd_instructions_fault(rtc, load_access_fault) && odd_instructions_fault(virtio + 0x70, no_trap) &&
                    load(scratch, 1) == 0x5a;
    report("instructions", ok);
}

alignas(4096) std::array<std::uint64_t, 512> root, middle, leaves;
alignas(4096) std::array<std::byte, 4096> page;

/// Page tables in devices and where nothing is, and pages of memory beside pages of devices.
void attack_by_page_tables() {
    constexpr std::uint64_t valid = 1, leaf = 0xcf, gibibyte = 1 << 30; // leaf: V R W X A D
    const auto entry = [](std::uint64_t address, std::uint64_t flags) { return address >> 12 << 10 | flags; };
    const auto address_of = [](const auto& table) { return reinterpret_cast<std::uint64_t>(table.data()); };
    root[0] = entry(0, leaf);
    root[2] = entry(ram, leaf);
    root[3] = entry(rtc, valid);
    root[4] = entry(nowhere, valid);
    root[5] = (std::uint64_t{1} << 54) - 1024 + valid; // as far as a table can be
    root[6] = entry(address_of(middle), valid);
    root[7] = entry(virtio, valid); // whose first word, read as an entry, is not valid
    middle[0] = entry(address_of(leaves), valid);
    leaves[0] = entry(address_of(page), leaf);
    leaves[1] = entry(uart, leaf);
    leaves[2] = entry(address_of(page), leaf);
    leaves[3] = entry(nowhere, leaf);
    write_csr<csr::satp>(std::uint64_t{8} << 60 | address_of(root) >> 12);
    asm volatile("sfence.vma" ::: "memory");
    bool ok = true;
    for (const std::uint64_t third : {3u, 4u, 5u}) {
        const std::uint64_t address = third * gibibyte + 0x1234;
        ok = ok && cause_of([=] { (void)load(address, 4); }) == load_access_fault;
        ok = ok && cause_of([=] { store(address, 4, 0); }) == store_access_fault;
        ok = ok && cause_of([=] { jump(address); }) == fetch_access_fault;
    }
    constexpr std::uint64_t load_page_fault = 13;
    ok = ok && cause_of([=] { (void)load(7 * gibibyte + 0x1234, 4); }) == load_page_fault;
    constexpr std::uint64_t base = 6 * gibibyte;
    store(base + 0x1000 + 7, 1, 0xa5);
    ok = ok && load(uart + 7, 1) == 0xa5;
    for (const unsigned width : {2u, 4u, 8u})
        for (unsigned before = 1; before < width; ++before)
            for (const std::uint64_t end : {base + 0x1000, base + 0x2000, base + 0x3000}) {
                (void)trap_of([=] { (void)load(end - before, width); });
                (void)trap_of([=] { store(end - before, width, 0x0a0a'0a0a'0a0a'0a0a); });
            }
    write_csr<csr::satp>(0);
    asm volatile("sfence.vma" ::: "memory");
    report("tables", ok);
}

/// Numbers that mean something to one register or another, and others.
std::uint64_t some_value(Random& random) {
    constexpr std::array<std::uint64_t, 12> common{
        0, 1, 2, 3, 4, 7, 15, 0x80, 0x100, ram, ram + 0x1000, ~std::uint64_t{0}};
    return random.below(2) != 0 ? common[random.below(common.size())] : random.next();
}

void attack_registers(Random& random, unsigned count) {
    constexpr std::array windows{test,
                                 rtc,
                                 plic,
                                 plic + 0x2000,
                                 plic + 0x20'0000,
                                 plic + 0x20'1000,
                                 uart,
                                 uart,
                                 virtio,
                                 virtio + 0x1000,
                                 virtio + 0x2000,
                                 virtio + 0x4000,
                                 virtio + 0x5000,
                                 virtio + 0x6000,
                                 virtio + 0x7000};
    for (unsigned i = 0; i < count; ++i) {
        const std::uint64_t window = windows[random.below(windows.size())];
        const unsigned width = 1u << random.below(4);
        const std::uint64_t address =
            window + (random.below(3) != 0 ? random.below(0x108) & ~std::uint64_t{3} : random.below(0x1000));
        const std::uint64_t value = some_value(random);
        if (random.below(3) == 0 || window == test ||
            (window == uart && address % 8 == 0)) // the test's log stays whole
            (void)trap_of([=] { (void)load(address, width); });
        else
            (void)trap_of([=] { store(address, width, value); });
    }
}

/// Brings a device up as a driver does, with rings at a place of its own.
void bring_up(std::uint64_t base, std::uint64_t rings, std::uint64_t features, unsigned size) {
    store_word(base + 0x70, 0);
    for (const std::uint64_t status : {1u, 3u})
        store_word(base + 0x70, status);
    for (const std::uint64_t half : {0u, 1u}) {
        store_word(base + 0x14, half);
        store_word(base + 0x24, half);
        store_word(base + 0x20, load(base + 0x10, 4) & (features >> 32 * half | half)); // VERSION_1 in any case
    }
    store_word(base + 0x70, 11);
    for (std::uint64_t queue = 0; queue < 6; ++queue, rings += 0x3000) {
        store_word(base + 0x30, queue);
        store_word(base + 0x38, size);
        for (const std::uint64_t area : {0u, 1u, 2u}) {
            store_word(base + 0x80 + 0x10 * area, rings + 0x1000 * area);
            store_word(base + 0x84 + 0x10 * area, 0);
        }
        store_word(base + 0x44, 1);
    }
    store_word(base + 0x70, 15);
}

/// Rings of garbage: descriptors that lead anywhere, indexes that jump, buffers of the whole memory. A device may use
/// them or want a reset; what it writes to are only the pages that garbage can name here.
void attack_rings(Random& random, unsigned rounds) {
    constexpr std::uint64_t rings = ram + 0x100'0000, buffers = rings + 0x10'0000;
    unsigned broken = 0;
    for (unsigned round = 0; round < rounds; ++round) {
        const std::uint64_t base = virtio + 0x1000 * random.below(slots);
        const unsigned size = 1u << random.below(9);
        bring_up(base, rings, random.next(), size);
        for (unsigned act = 0; act < 8; ++act) {
            for (std::uint64_t queue = 0; queue < 6; ++queue) {
                const std::uint64_t at = rings + 0x3000 * queue;
                for (unsigned i = 0; i < 4; ++i) {
                    const std::uint64_t descriptor = at + 16 * random.below(size);
                    store(descriptor, 8,
                          random.below(8) != 0 ? buffers + random.below(0x1'0000) : random.next() | nowhere >> 1);
                    store_word(descriptor + 8, random.below(4) != 0 ? random.below(0x1000) : random.next());
                    store_word(descriptor + 12, random.below(8) | random.below(size + 1) << 16);
                }
                for (unsigned i = 0; i < 8; ++i)
                    store(at + 0x1004 + 2 * random.below(size), 2, random.below(size + 1));
                store(at + 0x1002, 2, load(at + 0x1002, 2) + random.below(random.below(8) != 0 ? 4 : 0x1'0000));
                store_word(base + 0x50, queue);
            }
            if (random.below(4) == 0)
                attack_registers(random, 4);
        }
        broken += (load(base + 0x70, 4) & 0x40) != 0;
    }
    for (unsigned slot = 0; slot < slots; ++slot) {
        store_word(virtio + 0x1000 * slot + 0x70, 0);
        if (load(virtio + 0x1000 * slot + 0x70, 4) != 0)
            broken = 0;
    }
    report("rings", broken != 0); // some were, and all could be reset
}

/// Hundreds of chains that each name most of the memory many times: one notification must not take for ever.
void attack_by_size() {
    constexpr std::uint64_t rings = ram + 0x100'0000, size = 256;
    for (unsigned slot = 0; slot < slots; ++slot) {
        const std::uint64_t base = virtio + 0x1000 * slot;
        bring_up(base, rings, 0, size);
        for (std::uint64_t queue = 0; queue < 6; ++queue) {
            const std::uint64_t at = rings + 0x3000 * queue;
            for (unsigned i = 0; i < size; ++i) {
                store(at + 16 * i, 8, ram + 0x180'0000);
                store_word(at + 16 * i + 8, 0x60'0000);
                store_word(at + 16 * i + 12, (i + 1 < size ? 1 : 0) | (i + 1) << 16);
                store(at + 0x1004 + 2 * i, 2, i);
            }
            store(at + 0x1002, 2, size);
            if (slot != 4) // whose output would fill the test's log
                store_word(base + 0x50, queue);
        }
        store_word(base + 0x70, 0);
    }
    report("size", true);
}

alignas(8) std::array<std::uint32_t, 2> changing; // an instruction that changes, and a return
std::atomic<unsigned> changes_wanted{0};

/// Code that another hart rewrites while it faults: what is decoded is not what was executed.
void attack_by_changing_code() {
    constexpr std::uint32_t ret = 0x0000'8067;
    changing = {0x0005'2283, ret}; // lw t0, 0(a0)
    changes_wanted = 1;
    start_hart(1, 1);
    while (changes_wanted != 2) {
    }
    std::uint64_t count = 0;
    ExpectedTrap trap;
    expected_trap = &trap;
    for (; count < 20'000; ++count) {
        register std::uint64_t a0 asm("a0") = uart + 7;
        register std::uint64_t a1 asm("a1") = reinterpret_cast<std::uint64_t>(changing.data());
        asm volatile("fence.i\n jalr ra, (a1)" : "+r"(a0), "+r"(a1)::"ra", "t0", "memory");
    }
    expected_trap = nullptr;
    changes_wanted = 3;
    report("code", count == 20'000);
}

void change_code() {
    constexpr std::array<std::uint32_t, 6> instructions{0x0005'2283,  // lw t0, 0(a0)
                                                        0x0055'0023,  // sb t0, 0(a0)
                                                        0x0005'3283,  // ld t0, 0(a0)
                                                        0x0000'0013,  // nop
                                                        0x0055'202f,  // amoadd.w x0, t0, (a0)
                                                        0x0005'4283}; // lbu t0, 0(a0)
    volatile std::uint32_t& place = changing[0];
    changes_wanted = 2;
    for (unsigned i = 0; changes_wanted != 3; ++i)
        place = instructions[i % instructions.size()];
    sbi_call(sbi::Extension::HartState, 1);
}

// Harts that go astray and never come back, each in its own way.

void lose_the_vector() {
    write_csr<0x105>(nowhere); // stvec
    jump(nowhere);
}
void lose_the_page_table() {
    write_csr<csr::satp>(std::uint64_t{8} << 60 | virtio >> 12);
    asm volatile("sfence.vma" ::: "memory");
}
void storm() {
    for (Random random{3};;) {
        store(uart + 7, 1, random.next());
        store_word(plic + 4 * random.below(96), random.next());
        (void)load(rtc, 4);
    }
}

}

void guest_main(std::uint64_t hart, std::uint64_t argument) {
    if (hart == 1)
        return argument == 1 ? change_code() : lose_the_vector();
    if (hart == 2)
        return lose_the_page_table();
    if (hart == 3)
        return storm();
    attack_by_fetching();
    attack_by_loading_nothing();
    attack_by_misaligning();
    attack_by_odd_instructions();
    attack_by_page_tables();
    attack_by_changing_code();
    Random random{1};
    attack_registers(random, 5'000);
    report("registers", true);
    attack_rings(random, 100);
    attack_by_size();
    for (unsigned other : {1u, 2u, 3u}) {
        for (SbiAnswer answer{}; other == 1 && answer.value != 1;) // until the hart of the changing code has stopped
            answer = sbi_call(sbi::Extension::HartState, 2, other);
        start_hart(other, 2);
    }
    for (const std::uint64_t end = now() + 2'000'000; now() < end;) {
    }
    report("astray", true);
    shut_down(0);
}
