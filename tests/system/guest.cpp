// SPDX-License-Identifier: Apache-2.0
// Behaviours that a guest relies on, each a test by name: the first word of the arguments at a1.
#include <array>
#include <atomic>
#include <cstring>

#include "guests/guest.hpp"

namespace {

constexpr std::uint64_t timebase = 10'000'000, millisecond = timebase / 1000;
constexpr std::uint64_t interrupt_software = 1, interrupt_timer = 5;
constexpr std::uint64_t nothing = 0xdead'0000; ///< a guest-physical address without memory or device

std::atomic<std::uint64_t> timers{0}, software{0};
std::atomic<void (*)(std::uint64_t)> hart_work{nullptr};

void count_interrupt(std::uint64_t cause) {
    if (cause == interrupt_timer) {
        ++timers;
        set_timer(~std::uint64_t{0}); // SBI TIME set_timer: clears the pending bit
    } else if (cause == interrupt_software) {
        clear_csr<csr::sip>(interrupt_bit::software);
        ++software;
    }
}

void enable(std::uint64_t interrupts) {
    on_interrupt = count_interrupt;
    write_csr<csr::sie>(interrupts);
    set_csr<csr::sstatus>(interrupts_on);
}

void test_hello() {
    print("hello from the test guest\n");
}

void test_timer() {
    enable(interrupt_bit::timer);
    bool late = true;
    for (int i = 0; i < 10; ++i) {
        const std::uint64_t before = timers, deadline = now() + 5 * millisecond;
        set_timer(deadline);
        while (timers == before)
            late &= timers != before || now() < deadline + 5000 * millisecond;
        late &= now() >= deadline;
    }
    report("timer", timers == 10 && late);
    const std::uint64_t before = timers;
    set_timer(1); // long ago: at once
    for (std::uint64_t until = now() + 1000 * millisecond; timers == before && now() < until;)
        ;
    report("timer-past", timers == before + 1);
    clear_csr<csr::sstatus>(interrupts_on);
    const auto direct = trap_of([] { write_csr<csr::stimecmp>(now() + millisecond); });
    if (direct.count == 0) {
        const std::uint64_t again = timers;
        set_csr<csr::sstatus>(interrupts_on);
        for (std::uint64_t until = now() + 1000 * millisecond; timers == again && now() < until;)
            ;
        report("timer-sstc", timers == again + 1);
    } else {
        report("timer-no-sstc", direct.cause == 2); // an illegal instruction, as on hardware without it
    }
}

/// WFI itself, or the firmware's way of waiting.
void test_waiting(void (*wait)(), const char* name) {
    on_interrupt = count_interrupt;
    write_csr<csr::sie>(interrupt_bit::timer);
    bool well = true;
    int quiet = 0;
    for (int i = 0; i < 10;
         ++i) { // interrupts off: WFI ends, nothing is taken. sip is not read: QEMU 7.2 shows 0 there
        const std::uint64_t deadline = now() + 10 * millisecond;
        int waits = 0;
        for (set_timer(deadline); now() < deadline; ++waits)
            wait();
        well &= timers == 0;
        quiet += waits <= 2;
    }
    // It does wait. Not in every round: QEMU's timer thread may raise the last deadline's interrupt after the next is
    // set.
    report(name, well && quiet >= 5);
    wait(); // still pending: returns at once
    report("pending", true);
    set_csr<csr::sstatus>(interrupts_on);
    report("taken", timers == 1);
}

void suspend() {
    sbi_call(sbi::Extension::HartState, sbi::hart_suspend, 0, 0, 0);
}

std::uint64_t harts_wanted = 0;
std::array<std::atomic<std::uint64_t>, 8> pings{}, pongs{};

void answer_pings(std::uint64_t hart) {
    for (;;) {
        const std::uint64_t asked = pings[hart];
        if (asked != pongs[hart]) {
            pongs[hart] = asked;
            sbi_call(sbi::Extension::Ipi, 0, 1, 0);
        }
        wait_for_interrupt();
        clear_csr<csr::sip>(interrupt_bit::software);
    }
}

void start_others(std::uint64_t count, void (*work)(std::uint64_t)) {
    hart_work = work;
    harts_wanted = count;
    for (std::uint64_t hart = 1; hart < count; ++hart)
        start_hart(hart, 0);
}

bool wait_until(auto condition) {
    for (std::uint64_t until = now() + 20'000 * millisecond; !condition();)
        if (now() > until)
            return false;
    return true;
}

void test_ipi(std::uint64_t harts) {
    enable(interrupt_bit::software);
    sbi_call(sbi::Extension::Ipi, 0, 1, 0);
    report("ipi-self", wait_until([] { return software == 1; }));
    const auto none = sbi_call(sbi::Extension::Ipi, 0, 2, ~std::uint64_t{0} - 1),
               far = sbi_call(sbi::Extension::Ipi, 0, 1, 9);
    const auto wide = sbi_call(sbi::Extension::Ipi, 0, ~std::uint64_t{0}, 0);
    report("ipi-bad-hart", none.error == -3 && far.error == -3 && wide.error == -3);
    start_others(harts, answer_pings);
    bool well = true;
    for (std::uint64_t round = 1; round <= 50 && well; ++round)
        for (std::uint64_t hart = 1; hart < harts && well; ++hart) {
            pings[hart] = round;
            sbi_call(sbi::Extension::Ipi, 0, 1, hart);
            well = wait_until([&] { return pongs[hart] == round; });
        }
    report("ipi", well && software > 1);
}

// Two pages that one virtual address leads to in turn, and code that is replaced.
alignas(4096) std::array<std::uint64_t, 512> page_a, page_b, root;
alignas(4096) volatile std::uint64_t code_page[512];
std::atomic<std::uint64_t> generation{0}, seen_generation{0}, seen_value{0};
constexpr std::uint64_t virtual_address = std::uint64_t{3} << 30, gigabyte = 1 << 30;
alignas(4096) std::array<std::uint64_t, 512> middle, leaf;

std::uint64_t entry(const void* page, std::uint64_t flags) {
    return reinterpret_cast<std::uint64_t>(page) >> 12 << 10 | flags;
}

void use_page_table() {
    write_csr<csr::satp>(std::uint64_t{8} << 60 | reinterpret_cast<std::uint64_t>(root.data()) >> 12);
    asm volatile("sfence.vma" ::: "memory");
}

void read_for_ever(std::uint64_t) {
    use_page_table();
    for (;;) {
        const std::uint64_t now_is = generation;
        seen_value = *reinterpret_cast<volatile std::uint64_t*>(virtual_address);
        seen_generation = now_is;
    }
}

void test_remote_fence() {
    constexpr std::uint64_t valid = 1, all = 0xcf; // V R W X A D
    root[2] = entry(reinterpret_cast<void*>(2 * gigabyte), all);
    root[3] = entry(middle.data(), valid);
    middle[0] = entry(leaf.data(), valid);
    leaf[0] = entry(page_a.data(), all);
    page_a[0] = 'a';
    page_b[0] = 'b';
    start_others(2, read_for_ever);
    bool well = wait_until([] { return seen_value == 'a'; });
    for (int round = 0; round < 50 && well; ++round) {
        const bool to_b = round % 2 == 0;
        *static_cast<volatile std::uint64_t*>(leaf.data()) = entry(to_b ? page_b.data() : page_a.data(), all);
        std::atomic_thread_fence(std::memory_order_seq_cst);
        const auto fenced = sbi_call(sbi::Extension::RemoteFence, 1, 2, 0, virtual_address, 4096);
        const std::uint64_t mine = ++generation;
        well = fenced.error == 0 && wait_until([&] { return seen_generation == mine; }) &&
               seen_value == (to_b ? 'b' : 'a');
    }
    report("remote-fence", well);
    const auto bad = sbi_call(sbi::Extension::RemoteFence, 1, 1, 7);
    report("remote-fence-bad-hart", bad.error == -3);
}

/// Runs the code once for each generation: not while it is written, which QEMU's translation does not survive.
void fetch_for_ever(std::uint64_t) {
    for (;;) {
        const std::uint64_t now_is = generation;
        if (now_is == seen_generation)
            continue;
        seen_value = reinterpret_cast<std::uint64_t (*)()>(const_cast<std::uint64_t*>(code_page))();
        seen_generation = now_is;
    }
}

void test_remote_fence_i() {
    const auto code = [](std::uint64_t value) { // li a0, value; ret
        return std::uint64_t{0x00008067} << 32 | (value << 20 | 0x513);
    };
    start_others(2, fetch_for_ever);
    bool well = true;
    for (std::uint64_t round = 0; round < 50 && well; ++round) {
        code_page[0] = code(round);
        sbi_call(sbi::Extension::RemoteFence, 0, 2, 0);
        const std::uint64_t mine = ++generation;
        well = wait_until([&] { return seen_generation == mine; }) && seen_value == round;
    }
    report("remote-fence-i", well);
}

constexpr std::uint64_t device = 0x1000'0000;
alignas(8) std::array<std::byte, 64> memory_copy;

// Every integer load and store, once on the device and once on memory: the same must come out.
#define LOAD(instruction, address)                                                                                     \
    [&] {                                                                                                              \
        register std::uint64_t a3 asm("a3") = (address);                                                               \
        register std::uint64_t a4 asm("a4");                                                                           \
        asm volatile(instruction : "=r"(a4) : "r"(a3) : "memory");                                                     \
        return a4;                                                                                                     \
    }()
#define STORE(instruction, address, value)                                                                             \
    [&] {                                                                                                              \
        register std::uint64_t a3 asm("a3") = (address);                                                               \
        register std::uint64_t a4 asm("a4") = (value);                                                                 \
        asm volatile(instruction ::"r"(a3), "r"(a4) : "memory");                                                       \
    }()

void test_mmio() {
    const auto memory = reinterpret_cast<std::uint64_t>(memory_copy.data());
    constexpr std::uint64_t pattern = 0x8182'8384'8586'8788;
    bool well = true;
    for (const std::uint64_t base : {device, memory}) {
        STORE("sd a4, 0(a3)", base, pattern);
        STORE("sw a4, 8(a3)", base, pattern);
        STORE("sh a4, 12(a3)", base, pattern);
        STORE("sb a4, 14(a3)", base, pattern);
        STORE("c.sd a4, 16(a3)", base, pattern);
        STORE("c.sw a4, 24(a3)", base, ~pattern);
        STORE("sd zero, 32(a3)", base, pattern);
    }
    for (std::uint64_t at = 0; at < 40; at += 8)
        well &= LOAD("ld a4, 0(a3)", device + at) == LOAD("ld a4, 0(a3)", memory + at);
    report("mmio-stores", well);
    well = true;
    for (std::uint64_t at = 0; at < 32; at += 8)
        well &= LOAD("lb a4, 0(a3)", device + at) == LOAD("lb a4, 0(a3)", memory + at) &&
                LOAD("lbu a4, 1(a3)", device + at) == LOAD("lbu a4, 1(a3)", memory + at) &&
                LOAD("lh a4, 2(a3)", device + at) == LOAD("lh a4, 2(a3)", memory + at) &&
                LOAD("lhu a4, 4(a3)", device + at) == LOAD("lhu a4, 4(a3)", memory + at) &&
                LOAD("lw a4, 4(a3)", device + at) == LOAD("lw a4, 4(a3)", memory + at) &&
                LOAD("lwu a4, 0(a3)", device + at) == LOAD("lwu a4, 0(a3)", memory + at) &&
                LOAD("c.lw a4, 0(a3)", device + at) == LOAD("c.lw a4, 0(a3)", memory + at) &&
                LOAD("c.ld a4, 0(a3)", device + at) == LOAD("c.ld a4, 0(a3)", memory + at);
    report("mmio-loads", well);
}

void test_mmio_paged() { // the same through the guest's own page table
    constexpr std::uint64_t all = 0xcf;
    root[0] = entry(nullptr, all);
    root[2] = entry(reinterpret_cast<void*>(2 * gigabyte), all);
    use_page_table();
    test_mmio();
}

/// A pattern in every register of F and V, unchanged while others run.
#define FOR_32(macro)                                                                                                  \
    macro(0) macro(1) macro(2) macro(3) macro(4) macro(5) macro(6) macro(7) macro(8) macro(9) macro(10) macro(11)      \
        macro(12) macro(13) macro(14) macro(15) macro(16) macro(17) macro(18) macro(19) macro(20) macro(21) macro(22)  \
            macro(23) macro(24) macro(25) macro(26) macro(27) macro(28) macro(29) macro(30) macro(31)
#define FILL_FLOAT(n) asm volatile(".option push\n.option arch, +d\nfmv.d.x f" #n ", %0\n.option pop" ::"r"(seed + n));
#define CHECK_FLOAT(n)                                                                                                 \
    asm volatile(".option push\n.option arch, +d\nfmv.x.d %0, f" #n "\n.option pop" : "=r"(value));                    \
    same &= value == seed + n;
#define FILL_VECTOR(n) asm volatile(".option push\n.option arch, +v\nvmv.v.x v" #n ", %0\n.option pop" ::"r"(seed + n));
#define CHECK_VECTOR(n)                                                                                                \
    asm volatile(".option push\n.option arch, +v\nvmv.x.s %0, v" #n "\n.option pop" : "=r"(value));                    \
    same &= value == seed + n;

void fill_vectors(std::uint64_t seed) {
    asm volatile(".option push\n.option arch, +v\nvsetvli t0, zero, e64, m1, ta, ma\n.option pop" ::: "t0");
    FOR_32(FILL_VECTOR)
}
bool same_vectors(std::uint64_t seed) {
    bool same = true;
    std::uint64_t value;
    FOR_32(CHECK_VECTOR)
    return same;
}

void test_units(std::uint64_t seed) {
    constexpr std::uint64_t float_initial = 1 << 13, vector_initial = 1 << 9;
    set_csr<csr::sstatus>(float_initial | vector_initial);
    const bool vectors = trap_of([] { (void)read_csr<csr::vlenb>(); }).count == 0;
    bool same = true;
    for (int round = 0; round < 20; ++round, seed += 1000) {
        FOR_32(FILL_FLOAT)
        if (vectors)
            fill_vectors(seed);
        for (const std::uint64_t until = now() + 12 * millisecond; now() < until;) // longer than a time slice
            ;
        std::uint64_t value;
        FOR_32(CHECK_FLOAT)
        if (vectors)
            same &= same_vectors(seed);
    }
    report(vectors ? "float-and-vector" : "float", same);
}

void test_spin() {
    print("spinning\n");
    clear_csr<csr::sstatus>(interrupts_on);
    for (;;)
        ;
}

/// How often this guest comes round a loop in a second of the host's time: for the scheduler's fairness.
void test_share() {
    std::uint64_t rounds = 0;
    for (const std::uint64_t until = now() + 1000 * millisecond; now() < until;)
        ++rounds;
    print("share ");
    print(rounds);
    print("\n");
}

void test_harts(std::uint64_t count) {
    static std::atomic<std::uint64_t> here{1};
    start_others(count, [](std::uint64_t) {
        ++here;
        for (;;)
            wait_for_interrupt();
    });
    report("harts", wait_until([&] { return here == count; }));
}

// What a hostile guest does. Each of these ends in an exit to its monitor, or in a fault inside the guest.

void jump(std::uint64_t where) {
    reinterpret_cast<void (*)()>(where)();
}

void test_illegal() {
    const auto illegal = trap_of([] { asm volatile(".half 0"); });
    report("illegal-instruction", illegal.count == 1 && illegal.cause == 2);
    const auto machine = trap_of([] { (void)read_csr<0x300>(); }); // mstatus
    report("machine-csr", machine.count == 1 && machine.cause == 2);
    const auto hgatp = trap_of([] { write_csr<0x680>(0); });
    report("hypervisor-csr", hgatp.count == 1 && hgatp.cause == 2);
    const auto fence = trap_of([] { asm volatile(".option push\n.option arch, +h\nhfence.gvma\n.option pop"); });
    report("hypervisor-fence", fence.count == 1 && fence.cause == 2);
    const auto load = trap_of([] {
        std::uint64_t value;
        asm volatile(".option push\n.option arch, +h\nhlv.d %0, (%1)\n.option pop" : "=r"(value) : "r"(0x80000000ul));
    });
    report("hypervisor-load", load.count == 1 && load.cause == 2);
}

void test_paging_fault() { // inside the guest: its own page table has a hole
    root[2] = entry(reinterpret_cast<void*>(2 * gigabyte), 0xcf);
    use_page_table();
    const auto fault = trap_of([] { (void)*reinterpret_cast<volatile std::uint64_t*>(5 * gigabyte); });
    report("own-page-fault", fault.count == 1 && fault.cause == 13 && fault.value == 5 * gigabyte);
    const auto fetch = trap_of([] { jump(6 * gigabyte); });
    report("own-fetch-fault", fetch.count == 1 && fetch.cause == 12);
}

void test_wild_table() { // a page table where there is no memory
    write_csr<csr::satp>(std::uint64_t{8} << 60 | nothing >> 12);
    asm volatile("sfence.vma" ::: "memory");
    report("wild-table", false);
}

/// SBI calls with nonsense in every register: each must come back.
void test_wild_calls() {
    std::uint64_t random = 88172645463325252;
    const auto next = [&] {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        return random;
    };
    constexpr std::array extensions{
        sbi::Extension::Base,        sbi::Extension::Time,           sbi::Extension::Ipi,
        sbi::Extension::RemoteFence, sbi::Extension::LegacySetTimer, sbi::Extension::LegacySendIpi,
        sbi::Extension::DebugConsole};
    constexpr std::array<std::uint64_t, 6> values{0, 1, 7, 64, ~std::uint64_t{0}, 0x8000'0000'0000'0000};
    for (int i = 0; i < 20000; ++i) {
        const auto value = [&] { return next() % 4 == 0 ? next() : values[next() % values.size()]; };
        const auto extension =
            next() % 8 == 0 ? static_cast<sbi::Extension>(next()) : extensions[next() % extensions.size()];
        sbi_call(extension, value() & 0xff, value(), value(), value(), value());
    }
    report("wild-calls", true);
}

}

extern "C" void guest_main(std::uint64_t hart, std::uint64_t argument) {
    if (hart != 0) {
        write_csr<csr::sie>(interrupt_bit::software);
        return hart_work.load()(hart);
    }
    const std::string_view arguments = reinterpret_cast<const char*>(argument);
    const std::string_view test = arguments.substr(0, arguments.find(' '));
    const auto digits = arguments.find("harts=");
    const std::uint64_t harts = digits == arguments.npos ? 1 : static_cast<std::uint64_t>(arguments[digits + 6] - '0');
    const auto is = [&](std::string_view name) { return test == name; };
    if (is("hello"))
        test_hello();
    else if (is("timer"))
        test_timer();
    else if (is("wfi"))
        test_waiting(wait_for_interrupt, "wfi");
    else if (is("suspend"))
        test_waiting(suspend, "suspend");
    else if (is("ipi"))
        test_ipi(harts);
    else if (is("remote-fence"))
        test_remote_fence();
    else if (is("remote-fence-i"))
        test_remote_fence_i();
    else if (is("mmio"))
        test_mmio();
    else if (is("mmio-paged"))
        test_mmio_paged();
    else if (is("units"))
        test_units(argument + now());
    else if (is("spin"))
        test_spin();
    else if (is("share"))
        test_share();
    else if (is("harts"))
        test_harts(harts);
    else if (is("illegal"))
        test_illegal();
    else if (is("paging-fault"))
        test_paging_fault();
    else if (is("wild-table"))
        test_wild_table();
    else if (is("wild-calls"))
        test_wild_calls();
    else if (is("jump-nowhere"))
        jump(nothing);
    else if (is("load-nowhere"))
        (void)*reinterpret_cast<volatile std::uint64_t*>(nothing);
    else if (is("store-nowhere"))
        *reinterpret_cast<volatile std::uint64_t*>(nothing) = 1;
    else if (is("jump-device"))
        jump(device);
    else
        report("there is no such test", false);
    shut_down(0);
}
