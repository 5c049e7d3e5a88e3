// SPDX-License-Identifier: Apache-2.0
// What sandboxes and functions will need of nucleus and SDK, each a test by name in the arguments.
#include <atomic>
#include <bit>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/match.hpp"
#include "base/page.hpp"
#include "sdk/device.hpp"
#include "sdk/guest_virtual.hpp"
#include "sdk/image.hpp"
#include "sdk/literals.hpp"
#include "sdk/log.hpp"
#include "sdk/must.hpp"
#include "sdk/mutex.hpp"
#include "sdk/startup.hpp"
#include "sdk/thread.hpp"
#include "sdk/virtual_cpu.hpp"

using namespace sdk::literals;

namespace {

using abi::Rights;
constexpr GuestPhysical base{0x8000'0000}, data_page{0x9000'0000};
constexpr std::uint64_t count_for_ever = 0x100, call_for_ever = 0x200, spin = 0x300, child_page = 1;
constexpr Rights read_execute = Rights::Read | Rights::Execute, read_write = Rights::Read | Rights::Write;
std::uint64_t milliseconds = 0; ///< ticks of one

void report(const char* name, bool ok) {
    sdk::log("%s %s", ok ? "ok" : "FAILED", name);
}

/// A guest without a kernel that runs from the shared image.
sdk::GuestMemory make_guest(abi::GuestFlags flags = abi::GuestFlags::Program) {
    auto memory = sdk::must(sdk::GuestMemory::create(flags), "guest");
    (void)sdk::must(memory.map(sdk::granted::image, 0, base, 1, read_execute).transform([] { return 0; }), "image");
    return memory;
}

sdk::Handle pages_of_memory(std::uint64_t first, std::uint64_t count) {
    return sdk::Handle{sdk::must(sdk::call(abi::Call::RangeSplit, sdk::granted::guest_memory, first, count), "pages")};
}

std::uint64_t pages_left() {
    return sdk::call(abi::Call::ProcessReport, abi::own_process, abi::ReportWord::PagesLeft).value_or(0);
}

std::string numbered(const char* word, std::uint64_t number) {
    char text[32];
    std::snprintf(text, sizeof text, "%s%lu", word, number);
    return text;
}

/// What happened, as a word for each exit.
std::string name_of(const sdk::Exit& exit) {
    sdk::Exit copy = exit;
    return match(
        copy, [](const sdk::SystemCall& call) { return numbered("call", call.number); },
        [](const sdk::GuestPageFault& fault) {
            return std::string{fault.access == sdk::Access::Load    ? "load"
                               : fault.access == sdk::Access::Store ? "store"
                                                                    : "fetch"};
        },
        [](const sdk::MmioAccess& access) { return std::string{access.store ? "store" : "load"}; },
        [](const sdk::Exception& exception) {
            return numbered("exception", static_cast<std::uint64_t>(exception.cause));
        },
        [](const sdk::VirtualInstruction&) { return std::string{"virtual"}; },
        [](const sdk::Kicked&) { return std::string{"kicked"}; },
        [](const sdk::SbiCall&) { return std::string{"sbi"}; },
        [](const sdk::Unexpected&) { return std::string{"unexpected"}; },
        [](const sdk::Gone&) { return std::string{"gone"}; });
}

void test_program() {
    sdk::GuestMemory memory = make_guest();
    sdk::VirtualCpu cpu = sdk::must(sdk::VirtualCpu::create(memory, base), "virtual CPU");
    abi::Registers& registers = cpu.registers();
    registers.x[8] = data_page.value;
    const std::vector<std::string> expected{"call42", "load",       "call43",     "store",   "call44",
                                            "fetch",  "exception2", "exception3", "virtual", "call93"};
    std::vector<std::string> seen;
    bool value_arrived = false, sum_stored = false;
    while (seen.size() < expected.size() && (seen.empty() || seen.back() == expected[seen.size() - 1])) {
        const sdk::Exit exit = cpu.resume();
        seen.push_back(name_of(exit));
        if (seen.back() == "call42")
            std::get_if<sdk::SystemCall>(&exit)->answer(registers.x[10] + registers.x[11]);
        else if (seen.back() == "load") { // demand paging, from another Memory object
            const sdk::Handle pages = pages_of_memory(5, 1);
            auto mapping = sdk::must(sdk::Mapping::create(pages.slot(), 0, 1), "mapping");
            const std::uint64_t value = 0x1122'3344'5566'7788;
            std::memcpy(mapping.bytes().data(), &value, sizeof value);
            (void)memory.map(pages.slot(), 0, data_page, 1, Rights::Read);
        } else if (seen.back() == "call43") {
            value_arrived = registers.x[10] == 0x1122'3344'5566'7788;
            registers.pc += 4;
        } else if (seen.back() == "store") {
            (void)memory.protect(data_page, 1, read_write);
        } else if (seen.back() == "call44") {
            sum_stored = sdk::load_guest({data_page.value}) == 3u && !sdk::load_guest({0x7000'0000}) &&
                         sdk::store_guest({data_page.value}, 9) && sdk::load_guest({data_page.value}) == 9u &&
                         !sdk::store_guest({base.value}, 1) && sdk::fetch_guest({base.value});
            registers.pc += 4;
        } else if (seen.back() == "fetch") {
            registers.pc = registers.x[1];
        } else {
            registers.pc += 4;
        }
    }
    if (seen != expected)
        for (const std::string& each : seen)
            sdk::log("  %s", each.c_str());
    report("program", seen == expected);
    report("program-values", value_arrived);
    report("guest-virtual", sum_stored);
}

/// A vCPU that counts in a page, on a thread and hart of its own, until it faults on a store; then it waits to be sent
/// on.
struct Counter {
    sdk::GuestMemory& memory;
    sdk::VirtualCpu cpu;
    std::atomic<std::uint64_t> faults{0}, others{0}, go{0};
    std::atomic<bool> stop{false};

    explicit Counter(sdk::GuestMemory& guest)
        : memory{guest}, cpu{sdk::must(sdk::VirtualCpu::create(guest, {base.value + count_for_ever}), "virtual CPU")} {
        cpu.registers().x[8] = data_page.value;
    }
    void run() {
        while (!stop) {
            const std::string exit = name_of(cpu.resume());
            if (exit != "store" && exit != "load") {
                others += exit != "kicked";
                continue;
            }
            const std::uint64_t turn = ++faults;
            while (go < turn && !stop)
                ;
        }
    }
};

bool wait_until(auto condition) {
    for (const std::uint64_t until = sdk::now() + 20'000 * milliseconds; !condition();)
        if (sdk::now() > until)
            return false;
    return true;
}

void test_protect() {
    sdk::GuestMemory memory = make_guest();
    auto mapping = sdk::must(sdk::Mapping::create(sdk::granted::guest_memory, 0, 1), "mapping");
    const sdk::Handle page = pages_of_memory(0, 1);
    auto& word = *reinterpret_cast<std::atomic<std::uint64_t>*>(mapping.bytes().data());
    (void)memory.map(page.slot(), 0, data_page, 1, read_write);
    Counter counter{memory};
    auto thread = sdk::must(sdk::Thread::start([&] { counter.run(); }, sdk::system_info(abi::SystemFact::Harts) - 1,
                                               sdk::startup().priority),
                            "thread");
    bool well = true;
    for (std::uint64_t round = 1; round <= 60 && well; ++round) {
        const std::uint64_t before = word;
        well &= wait_until([&] { return word > before + 1000; });
        switch (round % 3) {
        case 0: (void)memory.protect(data_page, 1, Rights::Read); break;
        case 1: (void)memory.protect(data_page, 1, Rights::None); break;
        case 2: { // as one page of many: nothing else may change
            (void)memory.map(page.slot(), 0, {data_page.value + page_bytes}, 1, Rights::Read);
            (void)memory.protect(data_page, 2, Rights::None);
        }
        }
        const std::uint64_t stopped = word; // from here on no vCPU uses the old rights
        for (int i = 0; i < 1000; ++i)
            well &= word == stopped;
        well &= wait_until([&] { return counter.faults == round; });
        if (round % 3 == 0)
            (void)memory.protect(data_page, 1, read_write);
        else
            (void)memory.map(page.slot(), 0, data_page, 1, read_write);
        counter.go = round;
    }
    counter.stop = true;
    counter.cpu.kick();
    thread.join();
    report("protect", well && counter.others == 0);
}

/// Unmaps half of a large page: the other half stays.
void test_large_pages() {
    sdk::GuestMemory memory = make_guest();
    auto mapping = sdk::must(sdk::Mapping::create(sdk::granted::guest_memory, 0, 512), "mapping");
    for (std::uint64_t page = 0; page < 512; ++page)
        std::memcpy(mapping.bytes().data() + page * page_bytes, &page, sizeof page);
    const std::uint64_t before = pages_left();
    (void)memory.map(sdk::granted::guest_memory, 0, data_page, 512, read_write);
    const std::uint64_t tables = before - pages_left();
    sdk::VirtualCpu cpu = sdk::must(sdk::VirtualCpu::create(memory, {base.value + call_for_ever}), "virtual CPU");
    (void)cpu.resume(); // so that HLV means this guest
    const auto whole = [&](std::uint64_t first, std::uint64_t end) {
        for (std::uint64_t page = first; page < end; ++page)
            if (sdk::load_guest({data_page.value + page * page_bytes}) != page)
                return false;
        return true;
    };
    bool well = whole(0, 512);
    (void)memory.protect({data_page.value + 100 * page_bytes}, 1, Rights::None);
    well &= whole(0, 100) && whole(101, 512) && !sdk::load_guest({data_page.value + 100 * page_bytes});
    (void)memory.protect({data_page.value + 200 * page_bytes}, 312, Rights::Read);
    well &= whole(200, 512) && !sdk::store_guest({data_page.value + 200 * page_bytes}, 1) &&
            sdk::store_guest({data_page.value + 199 * page_bytes}, 199);
    report("large-pages", well && tables <= 2);
}

/// 1 GiB of RAM lies such that a guest can have it as one page, for which there is no table.
void test_huge_page() {
    constexpr std::uint64_t address = 0x8000'0000, pages = 1 << 18;
    const std::uint64_t guest = sdk::must(sdk::call(abi::Call::GuestCreate, 0), "guest"), before = pages_left();
    const auto mapped = sdk::map(guest, sdk::granted::guest_memory, 0, address, pages, read_write);
    report("huge-page", mapped && pages_left() == before);
}

bool one_round() {
    sdk::GuestMemory memory = make_guest();
    const sdk::Handle pages = pages_of_memory(0, 16);
    if (!memory.map(pages.slot(), 0, data_page, 16, read_write))
        return false;
    auto cpu = sdk::must(sdk::VirtualCpu::create(memory, {base.value + call_for_ever}), "virtual CPU");
    return name_of(cpu.resume()) == "call1";
}

void test_churn() {
    bool well = one_round(); // the monitor's own page tables come once and stay
    const std::uint64_t before = pages_left();
    for (int round = 0; round < 1000 && well; ++round)
        well = one_round();
    const std::uint64_t after = pages_left();
    sdk::log("pages of quota before %lu, after %lu", before, after);
    report("churn", well && before == after);
}

/// A child process on every hart, each in a guest or a loop of its own, destroyed from outside.
bool one_family(std::uint64_t round) {
    const auto ends = sdk::must(sdk::Event::create(), "event");
    const auto begun = sdk::must(sdk::Event::create(), "event");
    const std::uint64_t harts = sdk::system_info(abi::SystemFact::Harts);
    std::vector<sdk::Object> children;
    for (std::uint64_t hart = 0; hart < harts; ++hart) {
        const auto process = sdk::call(abi::Call::ProcessCreate, 32, ends.slot(), 1ull << hart, ~0ull >> (64 - harts));
        if (!process)
            return false;
        children.emplace_back(*process);
        if (!sdk::map(*process, sdk::granted::image, child_page, 0x10000, 1, read_execute) ||
            !sdk::call(abi::Call::HandleGrant, *process, sdk::granted::image, 15) || // slots 2 and 3
            !sdk::call(abi::Call::HandleGrant, *process, begun.slot(), 15))
            return false;
        for (std::uint64_t each = 0; each < 2; ++each) { // one that waits its turn, too
            const auto thread = sdk::call(abi::Call::ThreadCreate, *process, 0x10000, 0, (round + hart) % 2, hart,
                                          sdk::startup().priority);
            if (!thread)
                return false;
            (void)sdk::call(abi::Call::HandleClose, *thread);
        }
    }
    if (!begun.wait(1))
        return false;
    children.clear();
    const std::uint64_t ended = ends.wait(~0ull >> (64 - harts), 0).value_or(0);
    return ended == ~0ull >> (64 - harts);
}

void test_processes() {
    bool well = one_family(0) && one_family(1);
    const std::uint64_t before = pages_left();
    for (std::uint64_t round = 0; round < 100 && well; ++round)
        well = one_family(round);
    const std::uint64_t after = pages_left();
    sdk::log("pages of quota before %lu, after %lu", before, after);
    report("processes", well && before == after);
}

void test_events() {
    const auto event = sdk::must(sdk::Event::create(), "event");
    event.signal(6);
    report("event-bits", event.wait(3) == 2u && event.wait(4) == 4u);
    const std::uint64_t before = sdk::now();
    const auto late = event.wait(1, before + 20 * milliseconds);
    report("event-deadline", !late && late.error() == abi::Error::TimedOut && sdk::now() >= before + 20 * milliseconds);

    // A mutex and threads on all harts.
    sdk::Mutex mutex;
    std::uint64_t sum = 0;
    {
        std::vector<sdk::Thread> threads;
        for (std::uint64_t i = 0; i < 4; ++i)
            threads.push_back(sdk::must(sdk::Thread::start(
                                            [&] {
                                                for (int step = 0; step < 10000; ++step) {
                                                    const sdk::Guard guard{mutex};
                                                    sum = sum + 1;
                                                }
                                            },
                                            i % sdk::system_info(abi::SystemFact::Harts), sdk::startup().priority),
                                        "thread"));
    }
    report("mutex", sum == 40000);

    // Who has more priority runs first and until it waits, also when both are woken at once.
    std::vector<int> order;
    const auto go = sdk::must(sdk::Event::create(), "event");
    const std::uint64_t hart = sdk::system_info(abi::SystemFact::CurrentHart);
    {
        std::vector<sdk::Thread> threads;
        for (const int priority : {10, 30, 20})
            threads.push_back(sdk::must(sdk::Thread::start(
                                            [&, priority] {
                                                (void)go.wait(1ull << priority);
                                                order.push_back(priority);
                                            },
                                            hart, static_cast<std::uint64_t>(priority)),
                                        "thread"));
        const auto never = sdk::must(sdk::Event::create(), "event");
        (void)never.wait(1, sdk::now() + 5 * milliseconds); // they wait by now
        go.signal(1ull << 10 | 1ull << 20 | 1ull << 30);
    }
    report("priority", order == std::vector<int>({30, 20, 10}));

    // A thread can be moved while it spins.
    const std::uint64_t harts = sdk::system_info(abi::SystemFact::Harts);
    std::atomic<std::uint64_t> where{0};
    std::atomic<bool> stop{false};
    auto mover = sdk::must(sdk::Thread::start(
                               [&] {
                                   while (!stop)
                                       where = sdk::system_info(abi::SystemFact::CurrentHart);
                               },
                               hart, 50),
                           "thread");
    const auto moved = mover.move((hart + 1) % harts, 50);
    report("move", moved && (harts == 1 || wait_until([&] { return where == (hart + 1) % harts; })));
    stop = true;
}

/// A process keeps to the harts that it was given.
void test_harts() {
    const std::uint64_t allowed = sdk::startup().harts, harts = sdk::system_info(abi::SystemFact::Harts);
    bool well = (allowed >> sdk::system_info(abi::SystemFact::CurrentHart) & 1) != 0;
    std::uint64_t refused = 0;
    for (std::uint64_t hart = 0; hart < harts; ++hart) {
        std::atomic<std::uint64_t> seen{harts};
        {
            const auto thread = sdk::Thread::start([&] { seen = sdk::system_info(abi::SystemFact::CurrentHart); }, hart,
                                                   sdk::startup().priority);
            refused += !thread && thread.error() == abi::Error::BadArgument;
        }
        well &= seen == ((allowed >> hart & 1) != 0 ? hart : harts);
    }
    report("harts", well && refused == harts - static_cast<std::uint64_t>(std::popcount(allowed)));
}

void test_kick() {
    sdk::GuestMemory memory = make_guest();
    auto cpu = sdk::must(sdk::VirtualCpu::create(memory, {base.value + spin}), "virtual CPU");
    cpu.kick(); // before it runs: the next resume returns
    report("kick-before", name_of(cpu.resume()) == "kicked");
    auto kicker = sdk::must(sdk::Thread::start(
                                [&] {
                                    const auto never = sdk::must(sdk::Event::create(), "event");
                                    (void)never.wait(1, sdk::now() + 10 * milliseconds);
                                    cpu.kick();
                                },
                                sdk::system_info(abi::SystemFact::Harts) - 1, sdk::startup().priority),
                            "thread");
    report("kick", name_of(cpu.resume()) == "kicked");
    kicker.join();
    cpu.registers().pc = base.value + call_for_ever;
    report("kick-once", name_of(cpu.resume()) == "call1");
}

/// Interrupts of a device of the host: the alarm of its clock (Goldfish RTC).
void test_device() {
    constexpr std::uint64_t time_low = 0x00, time_high = 0x04, alarm_low = 0x08, alarm_high = 0x0c,
                            interrupt_enabled = 0x10, clear_interrupt = 0x1c;
    const auto none = sdk::Device::open("uart@0");
    const auto clock = sdk::must(sdk::Device::open("rtc@101000"), "the clock");
    const auto event = sdk::must(sdk::Event::create(), "event");
    bool well = !none && clock.bind_interrupt(0, event, 4).has_value();
    clock.reg<std::uint32_t>(interrupt_enabled) = 1;
    for (int round = 0; round < 5; ++round) {
        constexpr std::uint64_t nanoseconds = 20'000'000;
        const std::uint64_t low = clock.reg<std::uint32_t>(time_low);
        const std::uint64_t alarm = (std::uint64_t{clock.reg<std::uint32_t>(time_high)} << 32 | low) + nanoseconds;
        const std::uint64_t before = sdk::now();
        clock.reg<std::uint32_t>(alarm_high) = static_cast<std::uint32_t>(alarm >> 32);
        clock.reg<std::uint32_t>(alarm_low) = static_cast<std::uint32_t>(alarm);
        well &= event.wait(4, before + 10'000 * milliseconds) == 4u && sdk::now() - before >= 19 * milliseconds;
        clock.reg<std::uint32_t>(clear_interrupt) = 1;
        clock.acknowledge_interrupt(0);
    }
    const auto quiet = event.wait(4, sdk::now() + 50 * milliseconds);
    report("device", well && !quiet && quiet.error() == abi::Error::TimedOut);
}

/// A guest that another thread destroys while it runs: resume says so, and the thread goes on.
void test_destroy_running() {
    bool well = true;
    for (int round = 0; round < 20; ++round) {
        auto memory = std::make_unique<sdk::GuestMemory>(make_guest());
        auto cpu = std::make_unique<sdk::VirtualCpu>(
            sdk::must(sdk::VirtualCpu::create(*memory, {base.value + spin}), "virtual CPU"));
        std::string exit;
        auto runner =
            sdk::must(sdk::Thread::start([&] { exit = name_of(cpu->resume()); },
                                         sdk::system_info(abi::SystemFact::Harts) - 1, sdk::startup().priority),
                      "thread");
        const auto never = sdk::must(sdk::Event::create(), "event");
        (void)never.wait(1, sdk::now() + 2 * milliseconds);
        (void)sdk::call(abi::Call::Destroy, memory->guest());
        runner.join();
        well &= exit == "gone";
    }
    report("destroy-running", well);
}

}

int main() {
    milliseconds = sdk::system_info(abi::SystemFact::TimebaseHertz) / 1000;
    const std::string_view test = sdk::startup().arguments;
    if (test == "program")
        test_program();
    else if (test == "protect")
        test_protect();
    else if (test == "large-pages")
        test_large_pages();
    else if (test == "huge-page")
        test_huge_page();
    else if (test == "churn")
        test_churn();
    else if (test == "processes")
        test_processes();
    else if (test == "events")
        test_events();
    else if (test == "kick")
        test_kick();
    else if (test == "harts")
        test_harts();
    else if (test == "device")
        test_device();
    else if (test == "destroy-running")
        test_destroy_running();
    else
        report("there is no such test", false);
}
