// SPDX-License-Identifier: Apache-2.0
// A kernel that calls its firmware in every way that SBI 3.0 knows, and in wrong ways, and looks at each answer. The
// command line says which test: "test=NAME". Three harts.
#include <array>
#include <atomic>
#include <cstring>

#include "guests/guest.hpp"

namespace {

using sbi::Extension;

constexpr std::uint64_t timebase = 10'000'000, millisecond = timebase / 1000;
constexpr std::uint64_t entry_point = 0x8000'0000, harts = 3; // guests/guest.ld
constexpr std::uint64_t all_ones = ~std::uint64_t{0}, nothing = 0x4000'0000;
constexpr std::int64_t success = 0, not_supported = -2, invalid_parameter = -3, denied = -4, invalid_address = -5,
                       already_available = -6, already_started = -7, already_stopped = -8, no_shared_memory = -9,
                       denied_locked = -14;
constexpr std::uint64_t interrupt_software = 1, interrupt_timer = 5;
constexpr std::uint64_t load_access_fault = 5, load_page_fault = 13, user_call = 8;
enum State : std::uint64_t { Started, Stopped, Suspended = 4 };

bool well = true;
std::uint64_t line = 0;
/// Notes that something does not hold, and where it was.
void check(bool holds, int where = __builtin_LINE()) {
    if (!holds && well)
        line = static_cast<std::uint64_t>(where);
    well &= holds;
}
/// Ends a test.
void conclude(std::string_view name) {
    report(name, well);
    if (!well) {
        print("the first that did not hold is in line ");
        print(line);
        print("\n");
    }
    well = true;
}

struct Arguments {
    std::uint64_t a0 = 0, a1 = 0, a2 = 0, a3 = 0, a4 = 0, a5 = 0;
};
SbiAnswer call(Extension extension, std::uint64_t function, const Arguments& arguments = {}) {
    register std::uint64_t a0 asm("a0") = arguments.a0;
    register std::uint64_t a1 asm("a1") = arguments.a1;
    register std::uint64_t a2 asm("a2") = arguments.a2;
    register std::uint64_t a3 asm("a3") = arguments.a3;
    register std::uint64_t a4 asm("a4") = arguments.a4;
    register std::uint64_t a5 asm("a5") = arguments.a5;
    register std::uint64_t a6 asm("a6") = function;
    register std::uint64_t a7 asm("a7") = static_cast<std::uint64_t>(extension);
    asm volatile("ecall" : "+r"(a0), "+r"(a1), "+r"(a2), "+r"(a3), "+r"(a4), "+r"(a5), "+r"(a6), "+r"(a7) : : "memory");
    const bool kept = a2 == arguments.a2 && a3 == arguments.a3 && a4 == arguments.a4 && a5 == arguments.a5 &&
                      a6 == function && a7 == static_cast<std::uint64_t>(extension);
    check(kept);
    return {static_cast<std::int64_t>(a0), a1};
}
std::int64_t error(Extension extension, std::uint64_t function, const Arguments& arguments = {}) {
    return call(extension, function, arguments).error;
}
/// What a legacy call leaves in a0; a1 stays as it is.
std::int64_t legacy(Extension extension, std::uint64_t a0 = 0) {
    const auto answer = call(extension, 0xbad, {a0, 0x1234, 4096});
    check(answer.value == 0x1234);
    return answer.error;
}

bool wait_until(auto condition) {
    for (const std::uint64_t until = now() + 20'000 * millisecond; !condition();)
        if (now() > until)
            return false;
    return true;
}
void pause(std::uint64_t milliseconds) {
    for (const std::uint64_t until = now() + milliseconds * millisecond; now() < until;)
        ;
}

State state(std::uint64_t hart) {
    return static_cast<State>(call(Extension::HartState, 2, {hart}).value);
}
bool comes_to(std::uint64_t hart, State wanted) {
    return wait_until([&] { return state(hart) == wanted; });
}

std::array<std::atomic<std::uint64_t>, harts> software{}, timers{};
void count_interrupt(std::uint64_t hart, std::uint64_t cause) {
    if (cause == interrupt_timer) {
        ++timers[hart];
        clear_csr<csr::sie>(interrupt_bit::timer);
    } else if (cause == interrupt_software) {
        clear_csr<csr::sip>(interrupt_bit::software);
        ++software[hart];
    }
}
void on_hart_0(std::uint64_t cause) {
    count_interrupt(0, cause);
}

// What other harts do: the function that they find here, with what they were started with.
std::atomic<void (*)(std::uint64_t hart, std::uint64_t opaque)> work{nullptr};
void run_on(std::uint64_t hart, void (*what)(std::uint64_t, std::uint64_t), std::uint64_t opaque = 0) {
    work = what;
    check(error(Extension::HartState, 0, {hart, entry_point, opaque}) == success);
}
void stop_hart() {
    call(Extension::HartState, 1);
    print("FAILED a stopped hart goes on\n");
}

void test_base() {
    const auto value = [](std::uint64_t function, std::uint64_t argument = 0) {
        const auto answer = call(Extension::Base, function, {argument});
        check(answer.error == success);
        return answer.value;
    };
    check(value(0) == 3 << 24);
    check(value(1) == 0x53);
    check(value(2) != 0);
    for (const Extension there :
         {Extension::Base, Extension::Time, Extension::Ipi, Extension::RemoteFence, Extension::HartState,
          Extension::SystemReset, Extension::SystemSuspend, Extension::DebugConsole, Extension::PerformanceMonitoring,
          Extension::FirmwareFeatures, Extension::LegacySetTimer, Extension::LegacyShutdown})
        check(value(3, static_cast<std::uint64_t>(there)) == 1);
    for (const std::uint64_t absent : {std::uint64_t{9}, std::uint64_t{0x11}, std::uint64_t{0x535441}, all_ones})
        check(value(3, absent) == 0);
    for (std::uint64_t function = 4; function <= 6; ++function)
        value(function);
    for (const Extension extension :
         {Extension::Base, Extension::Time, Extension::Ipi, Extension::RemoteFence, Extension::HartState,
          Extension::SystemReset, Extension::SystemSuspend, Extension::DebugConsole, Extension::PerformanceMonitoring,
          Extension::FirmwareFeatures, static_cast<Extension>(9), static_cast<Extension>(0xf),
          static_cast<Extension>(0x535441)})
        check(error(extension, 99) == not_supported);
    conclude("base");
}

void test_time() {
    timers[0] = 0;
    const std::uint64_t deadline = now() + 10 * millisecond;
    check(error(Extension::Time, 0, {deadline}) == success);
    set_csr<csr::sie>(interrupt_bit::timer);
    set_csr<csr::sstatus>(interrupts_on);
    check(wait_until([] { return timers[0] == 1; }) && now() >= deadline);
    check(error(Extension::Time, 0, {all_ones}) == success); // takes back what is pending
    set_csr<csr::sie>(interrupt_bit::timer);
    pause(20);
    check(timers[0] == 1);
    clear_csr<csr::sstatus>(interrupts_on);
    conclude("time");
}

std::atomic<std::uint64_t> ready{0};
void answer_ipis(std::uint64_t hart, std::uint64_t) {
    write_csr<csr::sie>(interrupt_bit::software);
    clear_csr<csr::sip>(interrupt_bit::software); // of what was sent while it was stopped nothing is said
    ++ready;
    for (;;) {
        wait_for_interrupt();
        if ((read_csr<csr::sip>() & interrupt_bit::software) != 0)
            count_interrupt(hart, interrupt_software);
    }
}

void test_ipi() {
    write_csr<csr::sie>(interrupt_bit::software);
    check(error(Extension::Ipi, 0, {8, 0}) == invalid_parameter);
    check(error(Extension::Ipi, 0, {1, harts}) == invalid_parameter);
    check(error(Extension::Ipi, 0, {all_ones, 0}) == invalid_parameter);
    check(error(Extension::Ipi, 0, {1, all_ones - 1}) == invalid_parameter);
    check(error(Extension::Ipi, 0, {0, 77}) == success);
    check((read_csr<csr::sip>() & interrupt_bit::software) == 0);
    software[1] = software[2] = 0;
    run_on(1, answer_ipis);
    run_on(2, answer_ipis);
    check(wait_until([] { return ready == 2; }));
    check(error(Extension::Ipi, 0, {0b11, 1}) == success);
    check(wait_until([] { return software[1] == 1 && software[2] == 1; }));
    check(error(Extension::Ipi, 0, {0, all_ones}) == success); // all
    check(wait_until([] { return software[1] == 2 && software[2] == 2; }));
    check((read_csr<csr::sip>() & interrupt_bit::software) != 0);
    clear_csr<csr::sip>(interrupt_bit::software);
    conclude("ipi");
}

void test_remote_fence() {
    for (std::uint64_t function = 0; function <= 2; ++function) {
        check(error(Extension::RemoteFence, function, {0b110, 0, 0x1000, 0x1000, 1}) == success);
        check(error(Extension::RemoteFence, function, {0, all_ones, all_ones, all_ones, 1}) == success);
        check(error(Extension::RemoteFence, function, {0, 77}) == success);
        check(error(Extension::RemoteFence, function, {8, 0}) == invalid_parameter);
        check(error(Extension::RemoteFence, function, {1, harts}) == invalid_parameter);
    }
    for (std::uint64_t function = 3; function <= 6; ++function)
        check(error(Extension::RemoteFence, function, {1, 0}) == not_supported);
    conclude("remote-fence");
}

std::atomic<std::uint64_t> seen{0}, seen_state{0};
void note_and_stop(std::uint64_t, std::uint64_t opaque) {
    seen_state = read_csr<csr::satp>() | (read_csr<csr::sstatus>() & interrupts_on);
    seen = opaque;
    stop_hart();
}

void test_hart_state() {
    check(state(0) == Started && state(1) == Stopped);
    check(error(Extension::HartState, 2, {harts}) == invalid_parameter);
    check(error(Extension::HartState, 0, {harts, entry_point}) == invalid_parameter);
    check(error(Extension::HartState, 0, {all_ones, entry_point}) == invalid_parameter);
    check(error(Extension::HartState, 0, {0, entry_point}) == already_available);
    for (const std::uint64_t address : {std::uint64_t{0}, nothing, entry_point + 1, entry_point - 2, all_ones})
        check(error(Extension::HartState, 0, {1, address}) == invalid_address);
    for (std::uint64_t round = 1; round <= 20; ++round) {
        run_on(1, note_and_stop, round);
        check(wait_until([&] { return seen == round; }) && seen_state == 0);
        check(comes_to(1, Stopped));
    }
    conclude("hart-state");
}

// Suspends of both kinds, of hart 1, seen from hart 0.

alignas(4096) std::array<std::uint64_t, 512> root;
void use_page_table() { // each address leads to itself
    constexpr std::uint64_t gigabyte = 1 << 30, all = 0xcf;
    root[2] = (2 * gigabyte) >> 12 << 10 | all;
    write_csr<csr::satp>(std::uint64_t{8} << 60 | reinterpret_cast<std::uint64_t>(root.data()) >> 12);
    asm volatile("sfence.vma" ::: "memory");
}

void suspend_for_ipi(std::uint64_t, std::uint64_t) {
    use_page_table();
    const std::uint64_t satp = read_csr<csr::satp>();
    write_csr<csr::sie>(interrupt_bit::software);
    set_timer(now()); // due, but not enabled: nothing to wake for
    const auto answer = call(Extension::HartState, 3, {0, nothing, 5});
    seen_state = answer.error == success && read_csr<csr::satp>() == satp &&
                 (read_csr<csr::sip>() & interrupt_bit::software) != 0;
    seen = 1;
    stop_hart();
}

void suspend_taking_interrupts(std::uint64_t, std::uint64_t) {
    on_interrupt = [](std::uint64_t cause) { count_interrupt(1, cause); };
    write_csr<csr::sie>(interrupt_bit::software | interrupt_bit::timer);
    set_csr<csr::sstatus>(interrupts_on);
    set_timer(now() + 20 * millisecond);
    const auto answer = call(Extension::HartState, 3);
    seen_state = answer.error == success && timers[1] == 1;
    seen = 2;
    stop_hart();
}

void suspend_non_retentive(std::uint64_t, std::uint64_t) {
    use_page_table();
    write_csr<csr::sie>(interrupt_bit::software);
    set_csr<csr::sstatus>(interrupts_on);
    work = note_and_stop;
    call(Extension::HartState, 3, {0x8000'0000, entry_point, 0x77});
    print("FAILED a suspended hart goes on behind its call\n");
}

void test_suspend() {
    for (const std::uint64_t type : {0x1ul, 0xffffffful, 0x10000000ul, 0x7ffffffful, 0x80000001ul, 0x90000000ul})
        check(error(Extension::HartState, 3, {type, entry_point}) == invalid_parameter);
    for (const std::uint64_t address : {std::uint64_t{0}, nothing, entry_point + 1, all_ones})
        check(error(Extension::HartState, 3, {0x8000'0000, address}) == invalid_address);
    const std::uint64_t deadline = now() + 20 * millisecond;
    write_csr<csr::sie>(interrupt_bit::timer);
    set_timer(deadline);
    check(error(Extension::HartState, 3) == success);
    check(now() >= deadline);                         // nothing else wakes it, and that does
    check(error(Extension::HartState, 3) == success); // still pending: at once
    write_csr<csr::sie>(0);

    run_on(1, suspend_for_ipi);
    check(comes_to(1, Suspended));
    pause(50);
    check(state(1) == Suspended && seen != 1);
    check(error(Extension::Ipi, 0, {1, 1}) == success);
    check(wait_until([] { return seen == 1; }) && seen_state == 1);
    check(comes_to(1, Stopped));

    timers[1] = 0;
    run_on(1, suspend_taking_interrupts);
    check(wait_until([] { return seen == 2; }) && seen_state == 1);
    check(comes_to(1, Stopped));
    on_interrupt = on_hart_0;

    run_on(1, suspend_non_retentive);
    check(comes_to(1, Suspended));
    check(error(Extension::HartState, 0, {1, entry_point}) == already_available);
    check(error(Extension::Ipi, 0, {1, 1}) == success);
    check(wait_until([] { return seen == 0x77; }) && seen_state == 0);
    check(comes_to(1, Stopped));
    conclude("suspend");
}

void check_system_suspend_errors() {
    check(error(Extension::SystemSuspend, 0, {1, entry_point}) == invalid_parameter);
    check(error(Extension::SystemSuspend, 0, {0x8000'0000, entry_point}) == invalid_parameter);
    check(error(Extension::SystemSuspend, 0, {0, nothing}) == invalid_address);
    check(error(Extension::SystemSuspend, 0, {0, entry_point + 1}) == invalid_address);
    run_on(2, [](std::uint64_t, std::uint64_t) {
        while (seen != 9)
            ;
        stop_hart();
    });
    check(error(Extension::SystemSuspend, 0, {0, entry_point}) == denied);
    seen = 9;
    check(comes_to(2, Stopped));
}

/// Goes on in guest_main, as hart 0 with what it gave.
std::uint64_t wake_time = 0;
constexpr std::uint64_t resumed = 0x5350;
void test_system_suspend() {
    check_system_suspend_errors();
    use_page_table();
    wake_time = now() + 30 * millisecond;
    write_csr<csr::sie>(interrupt_bit::timer);
    set_timer(wake_time);
    set_csr<csr::sstatus>(interrupts_on); // a pending interrupt is no reason to take it
    call(Extension::SystemSuspend, 0, {0, entry_point, resumed});
    report("system-suspend", false);
}
void resume_from_suspend() {
    check(now() >= wake_time);
    check(read_csr<csr::satp>() == 0 && (read_csr<csr::sstatus>() & interrupts_on) == 0);
    check(state(0) == Started);
    conclude("system-suspend");
}

alignas(16) std::array<char, 4000> text;
void test_console() {
    const auto address = reinterpret_cast<std::uint64_t>(text.data());
    text.fill('.');
    std::memcpy(text.data(), "begin", 5);
    std::memcpy(text.data() + text.size() - 5, "end\r\n", 5);
    std::uint64_t done = 0, calls = 0;
    for (; done < text.size() && calls < text.size(); ++calls) {
        const auto written = call(Extension::DebugConsole, 0, {text.size() - done, address + done, 0});
        check(written.error == success && written.value <= text.size() - done);
        done += written.value;
    }
    check(done == text.size() && calls <= 8);
    for (std::uint64_t function = 0; function <= 1; ++function) {
        const auto none = call(Extension::DebugConsole, function, {0, all_ones, all_ones});
        check(none.error == success && none.value == 0);
        check(error(Extension::DebugConsole, function, {1, nothing, 0}) == invalid_parameter);
        check(error(Extension::DebugConsole, function, {1, address, 1}) == invalid_parameter);
        check(error(Extension::DebugConsole, function, {all_ones, address, 0}) == invalid_parameter);
        check(error(Extension::DebugConsole, function, {std::uint64_t{1} << 40, address, 0}) == invalid_parameter);
    }
    const auto read = call(Extension::DebugConsole, 1, {16, address, 0});
    check(read.error == success && read.value == 0); // nobody types
    check(error(Extension::DebugConsole, 2, {'!'}) == success && error(Extension::DebugConsole, 2, {'\n'}) == success);
    conclude("console");
}

// Counters

constexpr auto pmu = Extension::PerformanceMonitoring;
enum Pmu : std::uint64_t { num_counters, get_info, config_matching, start, stop, fw_read, fw_read_hi, set_shmem, info };
constexpr std::uint64_t all_counters = 0x7fffd, set_init_value = 1, reset = 1, take_snapshot = 2;
constexpr unsigned cycle = 0xc00;

std::uint64_t work_for_a_while() {
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < 10'000; ++i) {
        sum += i;
        asm volatile("" : "+r"(sum));
    }
    return sum;
}

void check_hardware_counter(std::uint64_t event, std::uint64_t expected_index, auto read) {
    const auto found = call(pmu, config_matching, {0, all_counters, 0, event});
    check(found.error == success && found.value == expected_index);
    constexpr std::uint64_t initial = std::uint64_t{1} << 62;
    check(error(pmu, start, {found.value, 1, set_init_value, initial}) == success);
    check(error(pmu, start, {found.value, 1}) == already_started);
    const std::uint64_t before = read();
    work_for_a_while();
    const std::uint64_t after = read();
    check(before >= initial && before < initial + (initial >> 10) && after >= before + 10'000);
    check(error(pmu, stop, {found.value, 1}) == success);
    check(error(pmu, stop, {found.value, 1}) == already_stopped);
    const std::uint64_t stopped = read();
    work_for_a_while();
    check(read() == stopped && stopped >= after);
    check(error(pmu, start, {found.value, 1}) == success);
    work_for_a_while();
    check(read() >= stopped + 10'000);
    check(error(pmu, stop, {found.value, 1, reset}) == success);
    const std::uint64_t free = read(); // the hardware's again
    work_for_a_while();
    check(read() > free && free < initial);
}

/// What user mode reads from `cycle`, or the exceptions that it takes: the last is the call with which it comes back.
ExpectedTrap read_cycle_in_user_mode(std::uint64_t& value) {
    constexpr std::uint64_t previously_supervisor = 1 << 8;
    return trap_of([&] {
        clear_csr<csr::sstatus>(previously_supervisor);
        asm volatile("la t0, 1f\n csrw sepc, t0\n sret\n 1: csrr %0, cycle\n ecall" : "=&r"(value) : : "t0", "memory");
    });
}

void check_user_counter() {
    std::uint64_t value = 0;
    write_csr<0x106>(0); // scounteren
    check(error(pmu, config_matching, {0, 1, 0, 1}) == success);
    check(error(pmu, start, {0, 1, set_init_value, 5}) == success);
    const auto refused = read_cycle_in_user_mode(value);
    check(refused.count == 2 && refused.cause == user_call);
    write_csr<0x106>(7);
    const auto allowed = read_cycle_in_user_mode(value);
    check(allowed.count == 1 && allowed.cause == user_call && value > 5 && value < 1ul << 40);
    check(error(pmu, stop, {0, 1, reset}) == success);
}

void check_firmware_counters() {
    const auto found = call(pmu, config_matching, {0, all_counters, 2, 0xf0005}); // set_timer
    const std::uint64_t timer = found.value;
    check(found.error == success && timer >= 3);
    check(error(pmu, start, {timer, 1, set_init_value, 100}) == success);
    for (int i = 0; i < 7; ++i)
        call(Extension::Time, 0, {all_ones});
    legacy(Extension::LegacySetTimer, all_ones);
    check(call(pmu, fw_read, {timer}).value == 108 && call(pmu, fw_read_hi, {timer}).value == 0);
    check(error(pmu, stop, {timer, 1, take_snapshot}) == no_shared_memory);
    check(error(pmu, set_shmem, {entry_point, 0, 0}) == not_supported);
    check(error(pmu, start, {timer, 1}) == already_started);
    check(error(pmu, stop, {timer, 1, reset}) == success);

    const auto faults = call(pmu, config_matching, {0, all_counters, 6, 0xf0002}); // load access, started at zero
    const auto illegal = call(pmu, config_matching, {0, all_counters, 6, 0xf0004});
    for (int i = 0; i < 3; ++i)
        (void)trap_of([] { (void)*reinterpret_cast<const volatile std::uint64_t*>(nothing); });
    (void)trap_of([] { (void)read_csr<0x680>(); }); // hgatp, of the extension that this hart has not
    check(call(pmu, fw_read, {faults.value}).value == 3);
    check(call(pmu, fw_read, {illegal.value}).value == 1);
    check(error(pmu, stop, {0, all_counters, reset}) == already_stopped); // not all were started
}

void test_counters() {
    check(call(pmu, num_counters).value == 19);
    check(call(pmu, get_info, {0}).value == (63 << 12 | 0xc00) && call(pmu, get_info, {2}).value == (63 << 12 | 0xc02));
    check(call(pmu, get_info, {3}).value >> 63 == 1 && error(pmu, get_info, {1}) == invalid_parameter);
    check(error(pmu, get_info, {19}) == invalid_parameter);
    check(error(pmu, config_matching, {0, 2, 0, 1}) == invalid_parameter);
    check(error(pmu, config_matching, {0, all_counters, 0x100, 1}) == invalid_parameter);
    check(error(pmu, config_matching, {0, all_counters, 0, 3}) == not_supported);
    check(error(pmu, fw_read, {0}) == invalid_parameter && error(pmu, fw_read_hi, {2}) == invalid_parameter);
    check_hardware_counter(1, 0, [] { return read_csr<cycle>(); });
    check_hardware_counter(2, 2, [] { return read_csr<csr::instret>(); });
    check_user_counter();
    check_firmware_counters();
    alignas(16) static std::array<std::uint32_t, 8> events{1, 9, 0, 0, 0xf0007, 9, 0, 0};
    const auto address = reinterpret_cast<std::uint64_t>(events.data());
    check(error(pmu, info, {address, 0, 2, 0}) == success);
    const volatile std::uint32_t* told = events.data();
    check(told[1] == 1 && told[5] == 0);
    check(error(pmu, info, {address, 0, 2, 1}) == invalid_parameter);
    check(error(pmu, info, {nothing, 0, 2, 0}) == invalid_address);
    conclude("counters");
}

// Features

constexpr auto fwft = Extension::FirmwareFeatures;
constexpr std::uint64_t hardware_updating = 4, lock = 1;

alignas(4096) std::array<std::uint64_t, 512> updating_root;
void check_hardware_updating() {
    const auto touched = [](std::uint64_t value) {
        constexpr std::uint64_t gigabyte = 1 << 30, all = 0xcf, accessed_dirty = 0xc0;
        check(error(fwft, 0, {hardware_updating, value}) == success);
        check(call(fwft, 1, {hardware_updating}).value == value);
        updating_root[2] = (2 * gigabyte) >> 12 << 10 | all;
        updating_root[3] = updating_root[2] & ~accessed_dirty;
        write_csr<csr::satp>(std::uint64_t{8} << 60 | reinterpret_cast<std::uint64_t>(updating_root.data()) >> 12);
        asm volatile("sfence.vma" ::: "memory");
        const auto trap = trap_of([] { (void)*reinterpret_cast<const volatile std::uint64_t*>(3 * gigabyte); });
        write_csr<csr::satp>(0);
        asm volatile("sfence.vma" ::: "memory");
        const bool set = (static_cast<volatile std::uint64_t*>(updating_root.data())[3] & 0x40) != 0;
        check(trap.count == 0 ? set : !set && trap.cause == load_page_fault);
        return trap.count == 0;
    };
    check(touched(1) && !touched(0) && touched(1));
    print("offered: hardware updating\n");
    check(error(fwft, 0, {hardware_updating, 2}) == invalid_parameter);
    check(error(fwft, 0, {hardware_updating, 1, 2}) == invalid_parameter);
    check(error(fwft, 0, {hardware_updating, 1, lock}) == success);
    check(error(fwft, 0, {hardware_updating, 0}) == denied_locked);
    check(error(fwft, 0, {hardware_updating, 1}) == success);
}

void test_features() {
    for (const std::uint64_t feature : {0ul, 1ul, 2ul, 3ul, 5ul}) {
        check(error(fwft, 0, {feature, 1}) == not_supported);
        const auto got = call(fwft, 1, {feature});
        check(got.error == not_supported && got.value == 0);
    }
    for (const std::uint64_t feature : {0x6ul, 0x3ffffffful, 0x40000000ul, 0x80000000ul, 0xc0000000ul, 0xfffffffful})
        check(error(fwft, 0, {feature, 0}) == denied && error(fwft, 1, {feature}) == denied);
    if (error(fwft, 1, {hardware_updating}) != not_supported)
        check_hardware_updating();
    conclude("features");
}

// The first version's calls

void check_legacy_faults() {
    for (const Extension extension : {Extension::LegacySendIpi, Extension::LegacyRemoteFenceI,
                                      Extension::LegacyRemoteSfenceVma, Extension::LegacyRemoteSfenceVmaAsid}) {
        const auto bare = trap_of([&] { sbi_call(extension, 0, nothing); });
        check(bare.count == 1 && bare.cause == load_access_fault && bare.value == nothing);
        use_page_table();
        const auto paged = trap_of([&] { sbi_call(extension, 0, nothing); });
        write_csr<csr::satp>(0);
        asm volatile("sfence.vma" ::: "memory");
        check(paged.count == 1 && paged.cause == load_page_fault && paged.value == nothing);
    }
}

std::uint64_t hart_mask = 0;
void test_legacy() {
    timers[0] = 0;
    write_csr<csr::sie>(interrupt_bit::timer);
    set_csr<csr::sstatus>(interrupts_on);
    const std::uint64_t deadline = now() + 10 * millisecond;
    check(legacy(Extension::LegacySetTimer, deadline) == 0);
    check(wait_until([] { return timers[0] == 1; }) && now() >= deadline);
    check(legacy(Extension::LegacySetTimer, all_ones) == 0); // takes back what is pending
    set_csr<csr::sie>(interrupt_bit::timer);
    pause(20);
    check(timers[0] == 1);
    clear_csr<csr::sstatus>(interrupts_on);
    check(legacy(Extension::LegacyConsoleGetchar) == -1);
    check(legacy(Extension::LegacyConsolePutchar, '\n') == 0);

    write_csr<csr::sie>(interrupt_bit::software);
    check(legacy(Extension::LegacyClearIpi) == 0);
    hart_mask = all_ones << 1; // not this one; bits beyond the last hart do not count
    check(legacy(Extension::LegacySendIpi, reinterpret_cast<std::uint64_t>(&hart_mask)) == 0);
    check(legacy(Extension::LegacyClearIpi) == 0);
    use_page_table();
    hart_mask = 1;
    check(legacy(Extension::LegacySendIpi, reinterpret_cast<std::uint64_t>(&hart_mask)) == 0);
    check(legacy(Extension::LegacyClearIpi) == 1 && legacy(Extension::LegacyClearIpi) == 0);
    write_csr<csr::satp>(0);
    asm volatile("sfence.vma" ::: "memory");
    check(legacy(Extension::LegacySendIpi) == 0 && legacy(Extension::LegacyClearIpi) == 1); // all
    for (const Extension fence :
         {Extension::LegacyRemoteFenceI, Extension::LegacyRemoteSfenceVma, Extension::LegacyRemoteSfenceVmaAsid})
        check(legacy(fence) == 0 && legacy(fence, reinterpret_cast<std::uint64_t>(&hart_mask)) == 0);
    check_legacy_faults();
    write_csr<csr::sie>(0);
    conclude("legacy");
}

void test_reset_errors() {
    for (const std::uint64_t type : {0x3ul, 0xeffffffful, 0xf0000000ul, 0xfffffffful})
        check(error(Extension::SystemReset, 0, {type, 0}) == invalid_parameter);
    for (const std::uint64_t reason : {0x2ul, 0xdffffffful, 0xe0000000ul, 0xf0000000ul, 0xfffffffful})
        check(error(Extension::SystemReset, 0, {0, reason}) == invalid_parameter);
    conclude("reset-errors");
}

/// Reboots twice, cold and warm, and says so. RAM keeps what nothing is loaded to.
void test_reboot() {
    constexpr std::uint64_t place = entry_point + 0x40'0000, magic = 0x73756e646577;
    volatile std::uint64_t* boots = reinterpret_cast<volatile std::uint64_t*>(place);
    if (boots[0] != magic) {
        boots[0] = magic;
        boots[1] = 0;
    }
    if (boots[1] == 2)
        return report("reboot", state(1) == Stopped);
    boots[1] = boots[1] + 1;
    run_on(1, answer_ipis); // is to be stopped again
    print("rebooting\n");
    call(Extension::SystemReset, 0, {boots[1], 0});
    report("reboot", false);
}

// Two harts that share one of the host's and take turns, as Linux's spin locks do: by WRS.NTO where there is Zawrs.
constexpr std::uint64_t turns = 100;
std::atomic<std::uint64_t> turn{0};
bool by_reservation = false;
void await_turn(std::uint64_t wanted) {
    while (turn != wanted)
        if (by_reservation)
            asm volatile(".word 0x00d00073"); // without a reservation: it may end at any time
}
void take_turns(std::uint64_t, std::uint64_t) {
    for (std::uint64_t i = 0; i < turns; ++i) {
        await_turn(2 * i + 1);
        turn = 2 * i + 2;
    }
    stop_hart();
}
std::uint64_t time_of_turns() {
    const std::uint64_t begin = now();
    run_on(1, take_turns);
    for (std::uint64_t i = 0; i < turns; ++i) {
        turn = 2 * i + 1;
        await_turn(2 * i + 2);
    }
    return now() - begin;
}
void test_wait_on_reservation() {
    by_reservation = true;
    check(time_of_turns() < turns * millisecond); // a quarter of the slices that they would use up otherwise
    conclude("wait-on-reservation");
}
void test_wait_by_spinning() {
    const std::uint64_t time = time_of_turns();
    check(time > turns * millisecond); // they do share a hart
    check(time < 2 * turns * 3 * millisecond);
    conclude("wait-by-spinning");
}

void test_slow_line() {
    print("the first half");
    for (const std::uint64_t until = now() + 200 * millisecond; now() < until;)
        ;
    print(" and the second\n");
}

/// Gives back what is typed, by both kinds of call in turn, until a full stop comes.
void test_echo() {
    const auto address = reinterpret_cast<std::uint64_t>(text.data());
    print("type\n");
    for (bool first_version = false;; first_version = !first_version) {
        std::uint64_t count = 0;
        if (first_version) {
            const std::int64_t character = legacy(Extension::LegacyConsoleGetchar);
            text[0] = static_cast<char>(character);
            count = character >= 0;
        } else {
            count = call(Extension::DebugConsole, 1, {4, address, 0}).value;
        }
        const std::string_view typed{text.data(), count};
        print(typed);
        if (typed.find('.') != typed.npos)
            return print("\n");
    }
}

void test_all() {
    test_base();
    test_time();
    test_hart_state();
    test_suspend();
    test_remote_fence();
    test_console();
    test_counters();
    test_legacy();
    test_features();
    test_reset_errors();
    test_system_suspend(); // goes on elsewhere
}

/// Whether the device tree has a string "test=NAME", which only the command line can be.
bool asked_for(std::uint64_t tree, std::string_view name) {
    const auto* header = reinterpret_cast<const std::uint32_t*>(tree);
    const std::string_view blob{reinterpret_cast<const char*>(tree), __builtin_bswap32(header[1])};
    for (std::size_t at = blob.find("test="); at != blob.npos; at = blob.find("test=", at + 1))
        if (blob.substr(at + 5).starts_with(name))
            return true;
    return false;
}

}

extern "C" void guest_main(std::uint64_t hart, std::uint64_t argument) {
    if (hart != 0)
        return work.load()(hart, argument);
    if (argument == resumed) {
        resume_from_suspend();
        test_ipi(); // leaves the other harts waiting
        shut_down(0);
    }
    on_interrupt = on_hart_0;
    if (asked_for(argument, "all"))
        test_all();
    else if (asked_for(argument, "reboot"))
        test_reboot();
    else if (asked_for(argument, "wait-on-reservation"))
        test_wait_on_reservation();
    else if (asked_for(argument, "slow-line"))
        test_slow_line();
    else if (asked_for(argument, "wait-by-spinning"))
        test_wait_by_spinning();
    else if (asked_for(argument, "echo"))
        test_echo();
    else if (asked_for(argument, "failure"))
        shut_down(1);
    else if (asked_for(argument, "legacy-shutdown"))
        legacy(Extension::LegacyShutdown);
    else
        report("there is no such test", false);
    shut_down(0);
}
