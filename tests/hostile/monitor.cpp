// SPDX-License-Identifier: Apache-2.0
// A monitor that attacks the nucleus, in one way for each name in the arguments. It gets an error code or dies; nobody
// else notices.
#include <array>
#include <cstring>
#include <string_view>
#include <vector>

#include "abi/vcpu.hpp"
#include "sdk/event.hpp"
#include "sdk/literals.hpp"
#include "sdk/log.hpp"
#include "sdk/mapping.hpp"
#include "sdk/must.hpp"
#include "sdk/startup.hpp"

using namespace sdk::literals;

namespace {

using abi::Call;
using abi::Error;
using Arguments = std::array<std::uint64_t, 6>;
constexpr std::uint64_t all = ~std::uint64_t{0}, window = 0xffff'ffff'c000'0000, free_address = 0x30'0000'0000;

void report(const char* name, bool ok) {
    sdk::log("%s %s", ok ? "ok" : "FAILED", name);
}

Error error_of(Call call, const Arguments& a) {
    if (call == Call::VcpuResume || call == Call::VcpuWait)
        return static_cast<Error>(sdk::run_guest(call, a[0]));
    const auto result = sdk::call(call, a[0], a[1], a[2], a[3], a[4], a[5]);
    return result ? Error::None : result.error();
}

std::uint64_t must_call(Call call, const Arguments& a) {
    return sdk::must(sdk::call(call, a[0], a[1], a[2], a[3], a[4], a[5]), "call");
}

std::uint64_t pages_left() {
    return must_call(Call::ProcessReport, {abi::own_process, static_cast<std::uint64_t>(abi::ReportWord::PagesLeft)});
}

struct Case {
    const char* what;
    Call call;
    Arguments arguments;
    Error expected;
};

/// One call of every kind of wrongness that the interface can be asked.
void test_calls() {
    const std::uint64_t memory = sdk::granted::guest_memory, own = abi::own_process, system = sdk::granted::system;
    const std::uint64_t pages = must_call(Call::RangeInfo, {memory, 1});
    const std::uint64_t event = must_call(Call::EventCreate, {});
    const std::uint64_t gone = must_call(Call::EventCreate, {});
    (void)must_call(Call::Destroy, {gone}); // the handle is there, the event is not
    const std::uint64_t guest = must_call(Call::GuestCreate, {1}), other_guest = must_call(Call::GuestCreate, {0});
    const std::uint64_t vcpu = must_call(Call::VcpuCreate, {guest, free_address});
    const std::uint64_t dead_guest = must_call(Call::GuestCreate, {1});
    const std::uint64_t dead_vcpu = must_call(Call::VcpuCreate, {dead_guest, free_address + 0x10000});
    (void)must_call(Call::Destroy, {dead_guest});
    const std::uint64_t weak = must_call(Call::HandleGrant, {own, memory, 1}); // may only be read, not passed on
    const std::uint64_t mute = must_call(Call::HandleGrant, {own, event, 2});  // may only wait
    const std::uint64_t child = must_call(Call::ProcessCreate, {8, event, 1, 1});
    const std::uint64_t harts = sdk::system_info(abi::SystemFact::Harts);
    const std::uint64_t closed = must_call(Call::EventCreate, {}); // the last, so that nothing takes its slot
    (void)must_call(Call::HandleClose, {closed});
    const std::uint64_t mapped = free_address + 0x100000;
    (void)must_call(Call::Map, {own, memory, 0, mapped, 1, 3});

    const std::vector<Case> cases{
        {"no such call", static_cast<Call>(static_cast<std::uint64_t>(Call::Count)), {}, Error::BadCall},
        {"no such call, far", static_cast<Call>(all), {}, Error::BadCall},
        {"close slot 0", Call::HandleClose, {0}, Error::BadHandle},
        {"close an empty slot", Call::HandleClose, {200}, Error::BadHandle},
        {"close past the table", Call::HandleClose, {255}, Error::BadHandle},
        {"close far past it", Call::HandleClose, {all}, Error::BadHandle},
        {"close twice", Call::HandleClose, {closed}, Error::BadHandle},
        {"grant to an event", Call::HandleGrant, {event, memory, 15}, Error::BadHandle},
        {"grant nothing", Call::HandleGrant, {own, 200, 15}, Error::BadHandle},
        {"grant without the right", Call::HandleGrant, {own, weak, 15}, Error::BadRights},
        {"grant the log", Call::HandleGrant, {own, system, 15}, Error::BadRights},
        {"split an event", Call::RangeSplit, {event, 0, 1}, Error::BadHandle},
        {"split nothing", Call::RangeSplit, {memory, 0, 0}, Error::BadArgument},
        {"split past the end", Call::RangeSplit, {memory, pages, 1}, Error::BadArgument},
        {"split more than there is", Call::RangeSplit, {memory, 1, pages}, Error::BadArgument},
        {"split around the end of numbers", Call::RangeSplit, {memory, 1, all}, Error::BadArgument},
        {"split from the end of numbers", Call::RangeSplit, {memory, all, 2}, Error::BadArgument},
        {"range of a process", Call::RangeInfo, {own, 0}, Error::BadHandle},
        {"no such fact of a range", Call::RangeInfo, {memory, 3}, Error::BadArgument},
        {"process without an event", Call::ProcessCreate, {8, own, 1, 1}, Error::BadHandle},
        {"process on a mute event", Call::ProcessCreate, {8, mute, 1, 1}, Error::BadRights},
        {"process on no hart", Call::ProcessCreate, {8, event, 1, 0}, Error::BadArgument},
        {"process on harts that are not there", Call::ProcessCreate, {8, event, 1, all}, Error::BadArgument},
        {"process with all the quota", Call::ProcessCreate, {all, event, 1, 1}, Error::OutOfQuota},
        {"process with no quota", Call::ProcessCreate, {1, event, 1, 1}, Error::OutOfQuota},
        {"report of an event", Call::ProcessReport, {event, 0}, Error::BadHandle},
        {"no such word of a report", Call::ProcessReport, {own, 37}, Error::BadArgument},
        {"thread in an event", Call::ThreadCreate, {event, 0, 0, 0, 0, 1}, Error::BadHandle},
        {"thread on a hart that is not there", Call::ThreadCreate, {own, 0, 0, 0, harts, 1}, Error::BadArgument},
        {"thread on a hart that the process may not use",
         Call::ThreadCreate,
         {child, 0, 0, 0, 63, 1},
         Error::BadArgument},
        {"thread above its maker", Call::ThreadCreate, {own, 0, 0, 0, 0, 255}, Error::BadRights},
        {"thread far above its maker", Call::ThreadCreate, {own, 0, 0, 0, 0, all}, Error::BadRights},
        {"move an event", Call::ThreadMove, {event, 0, 1}, Error::BadHandle},
        {"guest of no kind", Call::GuestCreate, {4}, Error::BadArgument},
        {"guest of no kind, far", Call::GuestCreate, {all}, Error::BadArgument},
        {"map into an event", Call::Map, {event, memory, 0, 0, 1, 1}, Error::BadHandle},
        {"map an event", Call::Map, {own, event, 0, mapped + 0x1000, 1, 1}, Error::BadHandle},
        {"map without the right", Call::Map, {own, weak, 0, mapped + 0x1000, 1, 3}, Error::BadRights},
        {"map with no rights", Call::Map, {own, memory, 0, mapped + 0x1000, 1, 0}, Error::BadArgument},
        {"map write only", Call::Map, {own, memory, 0, mapped + 0x1000, 1, 2}, Error::BadArgument},
        {"map write and execute", Call::Map, {own, memory, 0, mapped + 0x1000, 1, 7}, Error::BadArgument},
        {"map with more rights than there are", Call::Map, {own, memory, 0, mapped + 0x1000, 1, 9}, Error::BadArgument},
        {"map no pages", Call::Map, {own, memory, 0, mapped + 0x1000, 0, 1}, Error::BadArgument},
        {"map in the middle of a page", Call::Map, {own, memory, 0, mapped + 0x1008, 1, 1}, Error::BadArgument},
        {"map into the nucleus", Call::Map, {own, memory, 0, window, 1, 1}, Error::BadArgument},
        {"map at the end of numbers", Call::Map, {own, memory, 0, all & ~0xfffull, 1, 1}, Error::BadArgument},
        {"map across the end of programs", Call::Map, {own, memory, 0, (1ull << 38) - 4096, 2, 1}, Error::BadArgument},
        {"map across the end of numbers", Call::Map, {own, memory, 0, 0x1000, all, 1}, Error::BadArgument},
        {"map past the memory", Call::Map, {own, memory, pages, mapped + 0x1000, 1, 1}, Error::BadArgument},
        {"map more than the memory", Call::Map, {own, memory, 1, mapped + 0x1000, pages, 1}, Error::BadArgument},
        {"map from the end of numbers", Call::Map, {own, memory, all, mapped + 0x1000, 2, 1}, Error::BadArgument},
        {"map over something", Call::Map, {own, memory, 0, mapped, 1, 1}, Error::AlreadyMapped},
        {"map over the vCPU page", Call::Map, {own, memory, 0, free_address, 1, 1}, Error::AlreadyMapped},
        {"map past the guest's end", Call::Map, {guest, memory, 0, 1ull << 41, 1, 1}, Error::BadArgument},
        {"map into a guest that is gone", Call::Map, {dead_guest, memory, 0, 0, 1, 1}, Error::BadHandle},
        {"protect an event", Call::Protect, {event, mapped, 1, 1}, Error::BadHandle},
        {"protect the nucleus", Call::Protect, {own, window, 1, 1}, Error::BadArgument},
        {"protect what is not there", Call::Protect, {own, mapped + 0x5000, 1, 1}, Error::NotMapped},
        {"protect to write and execute", Call::Protect, {own, mapped, 1, 7}, Error::BadArgument},
        {"protect around the end of numbers", Call::Protect, {own, mapped, all, 0}, Error::BadArgument},
        {"destroy oneself", Call::Destroy, {own}, Error::BadArgument},
        {"destroy a vCPU", Call::Destroy, {vcpu}, Error::BadHandle},
        {"destroy memory", Call::Destroy, {memory}, Error::BadHandle},
        {"destroy twice", Call::Destroy, {gone}, Error::BadHandle},
        {"vCPU of an event", Call::VcpuCreate, {event, mapped + 0x1000}, Error::BadHandle},
        {"vCPU page in the nucleus", Call::VcpuCreate, {other_guest, window}, Error::BadArgument},
        {"vCPU page in the middle of a page", Call::VcpuCreate, {other_guest, mapped + 0x1010}, Error::BadArgument},
        {"vCPU page over something", Call::VcpuCreate, {other_guest, mapped}, Error::AlreadyMapped},
        {"resume an event", Call::VcpuResume, {event}, Error::BadHandle},
        {"resume a guest", Call::VcpuResume, {guest}, Error::BadHandle},
        {"resume what is gone", Call::VcpuResume, {dead_vcpu}, Error::BadHandle},
        {"raise an interrupt that is not virtual", Call::VcpuInterrupt, {vcpu, 1 << 1, 0}, Error::BadArgument},
        {"lower an interrupt that is not virtual", Call::VcpuInterrupt, {vcpu, 0, all}, Error::BadArgument},
        {"wait for an event's interrupt", Call::VcpuWait, {event}, Error::BadHandle},
        {"wait for what is gone", Call::VcpuWait, {dead_vcpu}, Error::BadHandle},
        {"kick what is gone", Call::VcpuKick, {dead_vcpu}, Error::BadHandle},
        {"use RAM as an interrupt file", Call::VcpuUseFile, {vcpu, memory}, Error::BadArgument},
        {"use an event as an interrupt file", Call::VcpuUseFile, {vcpu, event}, Error::BadHandle},
        {"an interrupt file for a guest", Call::VcpuUseFile, {guest, memory}, Error::BadHandle},
        {"no such register",
         Call::VcpuRead,
         {vcpu, static_cast<std::uint64_t>(abi::VcpuRegister::Count)},
         Error::BadArgument},
        {"no such register, far", Call::VcpuWrite, {vcpu, all, 0}, Error::BadArgument},
        {"signal with a mute handle", Call::EventSignal, {mute, 1}, Error::BadRights},
        {"signal what is gone", Call::EventSignal, {gone, 1}, Error::BadHandle},
        {"wait for a process", Call::EventWait, {own, 1, 0}, Error::BadHandle},
        {"wait for no bits until now", Call::EventWait, {event, 0, 1}, Error::TimedOut},
        {"bind memory", Call::InterruptBind, {memory, 0, event, 1}, Error::BadHandle},
        {"acknowledge nothing", Call::InterruptAcknowledge, {0, 0}, Error::BadHandle},
        {"log without the right", Call::Log, {memory, 1}, Error::BadHandle},
        {"log too much", Call::Log, {system, abi::log_bytes + 1}, Error::BadArgument},
        {"log around the end of numbers", Call::Log, {system, all}, Error::BadArgument},
        {"reset without the right", Call::Reset, {system, 0}, Error::BadRights},
        {"no such fact", Call::SystemInfo, {all}, Error::BadArgument},
    };
    bool well = true;
    for (const Case& each : cases)
        if (const Error error = error_of(each.call, each.arguments); error != each.expected) {
            sdk::log("%s: %s, not %s", each.what, sdk::describe(error), sdk::describe(each.expected));
            well = false;
        }
    report("calls", well);
}

/// Uses up the whole quota and the whole handle table in every way, and gives all of it back.
void test_exhaust() {
    const std::uint64_t memory = sdk::granted::guest_memory;
    (void)must_call(Call::Map, {abi::own_process, memory, 0, free_address, 1, 1}); // its table stays
    const std::uint64_t before = pages_left();
    bool well = true;
    std::vector<std::uint64_t> made;
    made.reserve(1024);
    Error end = Error::None;
    const auto fill = [&](auto make) {
        for (;;) {
            const auto result = make();
            if (!result) {
                end = result.error();
                return;
            }
            made.push_back(*result);
        }
    };
    const auto clear = [&](bool destroy) {
        for (const std::uint64_t each : made) {
            if (destroy)
                (void)must_call(Call::Destroy, {each});
            (void)must_call(Call::HandleClose, {each});
        }
        made.clear();
    };
    fill([] { return sdk::call(Call::EventCreate); });
    well &= end == Error::OutOfQuota || end == Error::OutOfHandles;
    clear(true);
    fill([] { return sdk::call(Call::GuestCreate, 0); });
    well &= end == Error::OutOfQuota;
    clear(true);
    fill([&] { return sdk::call(Call::HandleGrant, abi::own_process, memory, 15); });
    well &= end == Error::OutOfHandles;
    const auto thread = sdk::call(Call::ThreadCreate, abi::own_process, 0, 0, 0, all, 1);
    well &= !thread && thread.error() == Error::OutOfHandles;
    const auto child = sdk::call(Call::GuestCreate, 0);
    well &= !child && child.error() == Error::OutOfHandles;
    clear(false);
    const std::uint64_t guest = must_call(Call::GuestCreate, {0});
    std::uint64_t address = 0;
    do // a table of its own for each page
        end = error_of(Call::Map, {guest, memory, 0, address, 1, 1});
    while (end == Error::None && (address += 1 << 30) != 0);
    well &= end == Error::OutOfQuota && pages_left() == 0;
    const auto nothing = sdk::call(Call::EventCreate);
    well &= !nothing && nothing.error() == Error::OutOfQuota;
    (void)must_call(Call::Destroy, {guest});
    (void)must_call(Call::HandleClose, {guest});
    const std::uint64_t after = pages_left();
    sdk::log("pages of quota before %lu, after %lu", before, after);
    report("exhaust", well && before == after);

    // Families: one process in the other, as deep as it goes.
    const auto ends = sdk::must(sdk::Event::create(), "event");
    const auto family = sdk::call(Call::ProcessCreate, pages_left() - 1, ends.slot(), 1, 1);
    report("exhaust-process", family && pages_left() == 0);
    if (family)
        (void)must_call(Call::Destroy, {*family});
}

std::uint64_t random_state = 88172645463325252;
std::uint64_t random() {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/// Calls with arguments out of a hat. Left out is what would only end or stop this process itself.
void test_random() {
    const auto ends = sdk::must(sdk::Event::create(), "event");
    constexpr std::array<std::uint64_t, 24> values{0,
                                                   1,
                                                   2,
                                                   3,
                                                   4,
                                                   5,
                                                   6,
                                                   7,
                                                   8,
                                                   9,
                                                   10,
                                                   12,
                                                   15,
                                                   63,
                                                   64,
                                                   254,
                                                   255,
                                                   0x1000,
                                                   free_address,
                                                   free_address + 0x1000,
                                                   free_address + 0x20'0000,
                                                   1ull << 30,
                                                   window,
                                                   all};
    std::array<std::uint64_t, 14> errors{};
    for (int i = 0; i < 100'000; ++i) {
        const auto call = static_cast<Call>(random() % static_cast<std::uint64_t>(Call::Count));
        Arguments a;
        for (std::uint64_t& each : a)
            each = random() % 16 == 0 ? random() : values[random() % values.size()];
        switch (call) {
        case Call::ProcessExit:
        case Call::ThreadExit:
        case Call::ThreadCreate:
        case Call::ThreadMove:
        case Call::Log: continue;
        case Call::VcpuResume:
        case Call::VcpuWait: // a guest that never stops is not what this is about
            if (error_of(Call::VcpuKick, a) != Error::None)
                continue;
            break;
        case Call::EventWait: a[2] = 1; break;
        case Call::Protect: // not under our own feet
            if (a[0] == abi::own_process && (a[1] < free_address || a[2] > 0x1000))
                continue;
            break;
        case Call::HandleClose:
            if (a[0] <= sdk::granted::image)
                continue;
            break;
        default: break;
        }
        ++errors[static_cast<std::size_t>(error_of(call, a))];
        if (i % 512 == 0) // so that the table does not stay full
            for (std::uint64_t slot = sdk::granted::image + 2; slot < abi::handle_slots; ++slot) {
                (void)sdk::call(Call::Destroy, slot);
                (void)sdk::call(Call::HandleClose, slot);
            }
    }
    sdk::log("succeeded %lu, BadHandle %lu, BadArgument %lu, OutOfQuota %lu", errors[0], errors[3], errors[5],
             errors[6]);
    report("random", errors[0] > 1000 && errors[5] > 1000);
}

[[gnu::noinline]] std::uint64_t recurse(volatile std::uint64_t* above) {
    volatile std::uint64_t here[64];
    here[0] = *above + 1;
    if (here[0] == 0) // after 2^64 calls
        return 0;
    return recurse(here) + here[0];
}

template <class T>
volatile T& at(std::uint64_t address) {
    return *reinterpret_cast<volatile T*>(address);
}
void read(std::uint64_t address) {
    [[maybe_unused]] const std::uint64_t value = at<std::uint64_t>(address);
}
void jump(std::uint64_t address) {
    reinterpret_cast<void (*)()>(address)();
}

struct Death {
    std::string_view name;
    void (*act)();
};
/// Each of these ends this process.
constexpr std::array deaths{
    Death{"read-nucleus", [] { read(window); }},
    Death{"write-nucleus", [] { at<std::uint64_t>(window) = 1; }},
    Death{"jump-nucleus", [] { jump(window); }},
    Death{"read-nothing", [] { read(0x3f'0000'0000); }},
    Death{"read-null", [] { read(8); }},
    Death{"jump-nothing", [] { jump(0x3f'0000'0000); }},
    Death{"read-noncanonical", [] { read(0x1234'5678'0000'0000); }},
    Death{"write-code", [] { at<std::uint32_t>(sdk::program_address) = 0; }},
    Death{"write-startup", [] { at<std::uint32_t>(sdk::startup_address) = 0; }},
    Death{"execute-data",
          [] {
              volatile std::uint32_t code[]{0x00000013, 0x00008067}; // nop; ret
              jump(reinterpret_cast<std::uint64_t>(code));
          }},
    Death{"illegal", [] { asm volatile(".word 0xffffffff"); }},
    Death{"supervisor-csr", [] { asm volatile("csrw sscratch, zero"); }},
    Death{"hypervisor-csr", [] { asm volatile("csrw 0x680, zero"); }},
    Death{"sret", [] { asm volatile("sret"); }},
    Death{"fence", [] { asm volatile("sfence.vma"); }},
    Death{"guest-fence", [] { asm volatile(".option push\n.option arch, +h\nhfence.gvma\n.option pop"); }},
    Death{"guest-load",
          [] { // without a guest
              asm volatile(".option push\n.option arch, +h\nhlv.d t0, (%0)\n.option pop" ::"r"(0) : "t0");
          }},
    Death{"float", [] { asm volatile(".option push\n.option arch, +d\nfmv.d.x f0, zero\n.option pop"); }},
    Death{"vector",
          [] {
              asm volatile(".option push\n.option arch, +v\nvsetivli t0, 1, e8, m1, ta, ma\n.option pop" ::: "t0");
          }},
    Death{"breakpoint", [] { asm volatile("ebreak"); }},
    Death{"stack",
          [] {
              volatile std::uint64_t here = 0;
              (void)recurse(&here);
          }},
    Death{"bounds",
          [] { // the hardened library's check
              std::vector<int> three(3);
              volatile std::size_t index = 3;
              three[index] = 1;
          }},
    Death{"heap",
          [] {
              char* volatile all_of_it = new char[1 << 30];
              all_of_it[0] = 1;
          }},
    Death{"exit", [] { sdk::fail("exits with failure"); }},
};

/// A guest interrupt file of the hardware's in the wrong hands: for two vCPUs at once, changed while it is in use, with
/// rubbish written all over it, and of a guest that is gone.
void test_interrupt_file() {
    const std::uint64_t memory = sdk::granted::guest_memory, own = abi::own_process;
    const std::uint64_t file = sdk::startup().virtual_cpus[0].file, mapped = free_address + 0x100000;
    const std::uint64_t guest = must_call(Call::GuestCreate, {0});
    const std::uint64_t one = must_call(Call::VcpuCreate, {guest, free_address});
    const std::uint64_t two = must_call(Call::VcpuCreate, {guest, free_address + 0x1000});
    bool well = file != 0;
    const auto check = [&](const char* what, Error error, Error expected) {
        if (error != expected)
            sdk::log("%s: %s, not %s", what, sdk::describe(error), sdk::describe(expected));
        well = well && error == expected;
    };
    for (const Case& each : {Case{"run a file", Call::Map, {guest, file, 0, 0x2000, 1, 5}, Error::BadRights},
                             Case{"map behind a file", Call::Map, {own, file, 1, mapped, 1, 3}, Error::BadArgument},
                             Case{"a file for a guest", Call::VcpuUseFile, {guest, file}, Error::BadHandle}})
        check(each.what, error_of(each.call, each.arguments), each.expected);
    (void)must_call(Call::Map, {own, memory, 0, mapped, 1, 3});
    (void)must_call(Call::Map, {guest, memory, 0, 0, 1, 7});
    (void)must_call(Call::Map, {own, file, 0, mapped + 0x1000, 1, 3});
    (void)must_call(Call::Map, {guest, file, 0, 0x1000, 1, 3});
    constexpr std::uint32_t ecall = 0x73;
    at<std::uint32_t>(mapped) = ecall;
    for (int round = 0; round < 50; ++round)
        for (const std::uint64_t vcpu : {one, two}) {
            check("use a file", error_of(Call::VcpuUseFile, {vcpu, file}), Error::None);
            for (std::uint64_t offset = 0; offset < 0x1000; offset += 4)
                at<std::uint32_t>(mapped + 0x1000 + offset) = static_cast<std::uint32_t>(random());
            for (const std::uint64_t each : {one, two})
                check("resume", error_of(Call::VcpuResume, {each}), Error::None);
        }
    (void)must_call(Call::Destroy, {guest});
    check("a file for a vCPU that is gone", error_of(Call::VcpuUseFile, {one, file}), Error::BadHandle);
    at<std::uint32_t>(mapped + 0x1000) = 1;
    (void)must_call(Call::HandleClose, {file});
    check("a file that is closed", error_of(Call::HandleClose, {file}), Error::BadHandle);
    report("interrupt-file", well);
}

void test_spin() {
    const std::uint64_t until = sdk::now() + sdk::system_info(abi::SystemFact::TimebaseHertz);
    while (sdk::now() < until)
        ;
    report("spin", true);
}

}

int main() {
    const std::string_view test = sdk::startup().arguments;
    if (test == "calls")
        test_calls();
    else if (test == "exhaust")
        test_exhaust();
    else if (test == "random")
        test_random();
    else if (test == "interrupt-file")
        test_interrupt_file();
    else if (test == "spin")
        test_spin();
    else if (test == "end-of-thread") // the last thread takes its process along, which is no failure
        (void)sdk::call(Call::ThreadExit);
    else if (test == "list") // for the tests to know them all
        for (const Death& death : deaths)
            sdk::log("death %.*s", static_cast<int>(death.name.size()), death.name.data());
    else {
        for (const Death& death : deaths)
            if (death.name == test)
                death.act();
        report("alive", false);
    }
}
