// SPDX-License-Identifier: Apache-2.0
// A kernel of two harts that uses its interrupt files and its APLIC in every way that it can, whether a file is the
// hardware's or a model: it cannot tell.
#include <array>
#include <atomic>

#include "guests/guest.hpp"

namespace {

constexpr unsigned sscratch = 0x140, siselect = 0x150, sireg = 0x151, stopei = 0x15c, stopi = 0xdb0;
constexpr std::uint64_t eidelivery = 0x70, eithreshold = 0x72, eip = 0x80, eie = 0xc0, iprio = 0x30;
constexpr std::uint64_t files = 0x2800'0000, aplic = 0xd00'0000, uart = 0x1000'0000;
constexpr std::uint64_t external = 9, illegal_instruction = 2, millisecond = 10'000;
constexpr std::uint64_t rounds = 1000, own_message = 5, there_message = 6, back_message = 7, device_message = 9;

volatile std::uint32_t& word(std::uint64_t address) {
    return *reinterpret_cast<volatile std::uint32_t*>(address);
}
void send(std::uint64_t hart, std::uint64_t identity) {
    asm volatile("fence iorw, iorw" ::: "memory");
    word(files + hart * 0x1000) = static_cast<std::uint32_t>(identity);
}
std::uint64_t read_file(std::uint64_t which) {
    write_csr<siselect>(which);
    return read_csr<sireg>();
}
void write_file(std::uint64_t which, std::uint64_t value) {
    write_csr<siselect>(which);
    write_csr<sireg>(value);
}

std::array<std::array<std::atomic<std::uint64_t>, 64>, 2> seen; ///< by hart and identity
std::atomic<bool> sleeping{false};

void take_external(std::uint64_t cause) {
    if (cause != external)
        return;
    const std::uint64_t hart = read_csr<sscratch>();
    for (;;) {
        std::uint64_t top;
        asm volatile("csrrw %0, %1, zero" : "=r"(top) : "i"(stopei) : "memory");
        const std::uint64_t identity = top >> 16;
        if (identity == 0)
            return;
        if (identity == device_message)
            (void)*reinterpret_cast<volatile std::uint8_t*>(uart + 2); // reading IIR ends the transmitter's interrupt
        seen[hart][identity % 64].fetch_add(1);
        if (identity == there_message)
            send(0, back_message);
    }
}

bool wait_until(auto condition) {
    for (const std::uint64_t until = now() + 20'000 * millisecond; !condition();)
        if (now() > until)
            return false;
    return true;
}

void open_file() {
    write_file(eithreshold, 0);
    write_file(eie, ~std::uint64_t{0});
    write_file(eidelivery, 1);
    set_csr<csr::sie>(interrupt_bit::external);
    set_csr<csr::sstatus>(interrupts_on);
}

/// With interrupts off: the file's registers, one by one.
void test_registers() {
    clear_csr<csr::sstatus>(interrupts_on);
    write_file(eie, 1 << 5 | 1 << 6);
    bool well = read_file(eie) == (1 << 5 | 1 << 6) && read_file(eidelivery) == 1 && read_csr<stopei>() == 0;
    for (const std::uint64_t identity : {6ul, 5ul, 7ul})
        send(0, identity);
    well = well && read_file(eip) == 0xe0 && read_csr<stopei>() == (5 << 16 | 5);
    well = well && read_csr<stopi>() >> 16 == external;
    write_file(eithreshold, 5);
    well = well && read_csr<stopei>() == 0 && read_csr<stopi>() == 0;
    write_file(eithreshold, 6);
    write_csr<stopei>(0); // claims 5
    write_file(eithreshold, 0);
    well = well && read_csr<stopei>() == (6 << 16 | 6);
    write_csr<siselect>(eip);
    clear_csr<sireg>(1 << 6);
    set_csr<sireg>(1 << 8);
    well = well && read_csr<sireg>() == (1 << 7 | 1 << 8) && read_csr<stopei>() == 0;
    write_file(eip, 0);
    well = well && read_csr<stopi>() == 0;
    report("registers", well);

    well = read_file(iprio) == 0;
    write_file(iprio, 0x0101);
    well = well && read_file(iprio) == 0;
    for (const std::uint64_t none : {iprio + 1, eie + 1})
        well = well && trap_of([&] { (void)read_file(none); }).cause == illegal_instruction;
    report("registers that are not there", well);
    open_file();
}

void test_own_messages() {
    const std::uint64_t before = read_csr<csr::instret>();
    bool well = true;
    for (std::uint64_t round = 1; well && round <= rounds; ++round) {
        send(0, own_message);
        well = wait_until([&] { return seen[0][own_message] == round; });
    }
    report("messages to oneself", well);
    print("instructions for each ");
    print((read_csr<csr::instret>() - before) / rounds);
    print("\n");
}

void test_other_messages(std::string_view name, std::uint64_t count, std::uint64_t pause) {
    bool well = true;
    const std::uint64_t done = seen[0][back_message];
    for (std::uint64_t round = done + 1; well && round <= done + count; ++round) {
        for (const std::uint64_t until = now() + pause; now() < until;)
            ;
        send(1, there_message);
        well = wait_until([&] { return seen[0][back_message] == round; });
    }
    report(name, well);
}

void test_aplic() {
    constexpr std::uint32_t source = 10, level_high = 6, interrupts_on_bit = 1 << 8;
    word(aplic) = interrupts_on_bit;
    word(aplic + 0x3000) = 1 << 18 | 8; // genmsi
    report("a message on demand", wait_until([] { return seen[1][8] == 1; }));
    word(aplic + 4 * source) = level_high;
    word(aplic + 0x3000 + 4 * source) = device_message;
    word(aplic + 0x1edc) = source;                                // setienum
    *reinterpret_cast<volatile std::uint8_t*>(uart + 1) = 1 << 1; // IER: transmitter empty, which it is
    report("a device's interrupt", wait_until([] { return seen[0][device_message] == 1; }));
    *reinterpret_cast<volatile std::uint8_t*>(uart + 1) = 0;
}

}

extern "C" void guest_main(std::uint64_t hart, std::uint64_t) {
    write_csr<sscratch>(hart);
    on_interrupt = take_external;
    open_file();
    if (hart == 1) {
        seen[1][0] = 1;
        for (;;)
            if (sleeping)
                wait_for_interrupt();
    }
    test_registers();
    test_own_messages();
    start_hart(1, 0);
    (void)wait_until([] { return seen[1][0] == 1; });
    test_other_messages("messages to another hart", rounds, 0);
    test_aplic();
    sleeping = true;
    test_other_messages("messages to a hart that sleeps", 20, 5 * millisecond);
    print("end of tests\n");
    shut_down(0);
}
