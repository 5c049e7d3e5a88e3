// SPDX-License-Identifier: Apache-2.0
#include "monitors/machine/machine.hpp"

#include <algorithm>
#include <cstring>

#include "monitors/machine/device_tree.hpp"
#include "monitors/machine/entropy.hpp"
#include "monitors/machine/isa.hpp"
#include "sdk/manager.hpp"
#include "sdk/must.hpp"
#include "sdk/startup.hpp"
#include "sdk/time.hpp"

namespace machine {

namespace {

/// The event that services raise bits of, or one of our own if there are none.
sdk::Event own_event() {
    if (const abi::Handle granted = sdk::startup().event)
        return sdk::Event::adopt(granted);
    return sdk::must(sdk::Event::create(), "event");
}

}

Machine::Machine(sdk::GuestMemory memory, std::span<std::byte> ram, Boot boot)
    : memory_{std::move(memory)}, ram_{map::ram, ram}, boot_{boot}, event_{own_event()},
      firmware_{static_cast<unsigned>(sdk::startup().cpus), ram_, *this, sdk::system_info(abi::SystemFact::Henvcfg),
                boot_.extensions},
      interrupts_{*this}, lines_{interrupts_}, uart_{*this, {lines_, map::uart_interrupt}}, finisher_{*this},
      rtc_{*this, {lines_, map::rtc_interrupt}}, storage_{ram_, event_, first_disk_bit},
      virtio_{ram_, lines_, storage_, sdk::startup().console == 0 ? this : nullptr} {
    interrupts_.add_to(bus_, memory_);
    virtio_.add_to(bus_, memory_);
    bus_.add(map::uart, uart_);
    bus_.add(map::test, finisher_);
    bus_.add(map::rtc, rtc_);
    terminal_.acknowledge(event_);
    sdk::manager::report(sdk::manager::Report::Ready);
    event_.signal(sdk::channel_bits::control); // what was asked before
    add_harts();
    open_watching();
}

/// A thread for each hart. Theirs is a lower priority than this one's, which carries input and output.
void Machine::add_harts() {
    const sdk::Startup& startup = sdk::startup();
    for (unsigned id = 0; id < startup.cpus; ++id) {
        auto cpu = sdk::must(sdk::VirtualCpu::create(memory_, boot_.entry), "virtual CPU");
        auto wake = sdk::must(sdk::Event::create(), "event");
        harts_.push_back(std::make_unique<Vcpu>(*this, id, std::move(cpu), std::move(wake)));
    }
    const std::uint64_t priority = std::max<std::uint64_t>(startup.priority - 1, 1);
    for (unsigned id = 0; id < startup.cpus; ++id)
        threads_.push_back(sdk::must(
            sdk::Thread::start([hart = harts_[id].get()] { hart->run(); }, startup.virtual_cpus[id].hart, priority),
            "thread"));
}

/// Puts kernel, initrd and device tree where the guest finds them, and everything else as it is after power-on.
void Machine::load() {
    const auto put = [&](GuestPhysical address, std::span<const std::byte> bytes, const char* what) {
        if (!ram_.write_bytes(address, bytes))
            sdk::fail("the %s does not fit into the guest's RAM: give the machine more 'memory'", what);
    };
    Description description;
    description.ram = ram_.range();
    description.harts = harts_.size();
    description.timebase_hertz = static_cast<std::uint32_t>(sdk::ticks_per_second());
    description.extensions = boot_.extensions;
    description.cbo_block_bytes = boot_.cbo_block_bytes;
    description.mmu_type = boot_.mmu_type;
    description.virtio = virtio_.present();
    if (interrupts_.aia())
        description.message_identities = interrupts_.identities();
    description.command_line = boot_.command_line;
    if (!boot_.initrd.empty())
        description.initrd = {boot_.initrd_address, boot_.initrd.size()};
    random_bytes(description.seed);
    const auto tree = make_device_tree(description);
    if (!tree)
        sdk::fail("the guest's device tree: %s: shorten the machine's 'cmdline'", tree.error());
    put(boot_.kernel_address, boot_.kernel, "kernel");
    put(boot_.initrd_address, boot_.initrd, "initrd");
    put(boot_.tree_address, *tree, "device tree");
}

/// Everything as it is after power-on. Nothing of the machine runs; but a disk may have to end what it has begun.
void Machine::reset_devices() {
    for (virtio_.reset(); virtio_.resetting();)
        storage_.interrupt(event_.wait(~std::uint64_t{0}).value_or(0));
    interrupts_.reset();
    uart_.reset();
    rtc_.reset();
    for (const auto& hart : harts_)
        hart->interrupt(0, abi::hvip::vssip);
    firmware_.reset();
    console_speaks_ = false;
}

bool Machine::run() {
    do {
        {
            const sdk::Guard guard{lock_};
            reset_devices();
            load();
            power_ = Power::On;
            restart_watching();
            firmware_.start_first({boot_.entry.value, boot_.tree_address.value});
        }
        serve();
        terminal_.flush();
        if (power_ == Power::Reboot)
            sdk::manager::report(sdk::manager::Report::Reboot);
    } while (power_ == Power::Reboot);
    ended_ = true;
    if (debugger_)
        debugger_->ended(power_ == Power::Off);
    release_all();
    threads_.clear(); // waits for them
    finish_trace();
    return power_ == Power::Off;
}

MachineStatistics Machine::statistics() const {
    MachineStatistics sums;
    for (const auto& hart : harts_)
        hart->add_to(sums);
    return sums;
}

/// Carries input and output until the machine is to stop and all of its harts have.
void Machine::serve() {
    while (power_ == Power::On || active_ != 0)
        serve_once(
            event_.wait(~std::uint64_t{0}, std::min({alarm_deadline(), work_due_, power_deadline_})).value_or(0));
}

void Machine::serve_once(std::uint64_t signals) {
    const sdk::Guard guard{lock_};
    serve_watchers(signals);
    rtc_.tick();
    storage_.interrupt(signals);
    end_line();
    work();
    if ((signals & Terminal::bit) != 0)
        pump_input();
    if ((signals & sdk::channel_bits::control) != 0)
        take_orders();
    report_pause();
    press_power();
}

/// One round of what devices still have to do. A guest can ask for more without end, and this thread goes before all
/// harts, those of other machines too: so it rests after a round for as long as that took.
void Machine::work() {
    work_due_ = sdk::no_deadline;
    if (!virtio_.more_to_do())
        return;
    const std::uint64_t begin = sdk::now();
    if (begin < work_rests_until_) {
        work_due_ = work_rests_until_;
        return;
    }
    const bool more = virtio_.poll();
    const std::uint64_t end = sdk::now();
    work_rests_until_ = end + (end - begin);
    if (more)
        work_due_ = work_rests_until_;
}

/// Passes on what has been typed, as much as the guest has room for; the rest waits where it is. It goes to the virtio
/// console as soon as the guest has said something there: Linux opens it in any case, also where its console is
/// another.
void Machine::pump_input() {
    std::array<std::byte, 64> piece;
    input_wanted_ = false;
    devices::virtio::Console* console = virtio_.console();
    const bool to_console = console && console->port_open(0) && console_speaks_;
    for (;;) {
        if (kept_.empty()) {
            const std::size_t count = terminal_.read(piece);
            kept_.assign(piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(count));
        }
        if (kept_.empty())
            return terminal_.acknowledge(event_);
        const std::size_t taken = to_console ? console->receive(0, kept_) : uart_.receive(kept_);
        kept_.erase(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(taken));
        if (taken == 0)
            return;
    }
}

[[gnu::always_inline]] bool Machine::access(unsigned hart, const sdk::MmioAccess& access) {
    const sdk::Guard guard{lock_};
    const Bus::Window* window = bus_.find(access.address, access.width);
    if (!window)
        return false;
    const std::uint64_t offset = access.address.value - window->range.first.value;
    if (!access.store) {
        access.answer(window->device->read(offset, access.width));
    } else {
        lines_.stored(window->range.first, offset, hart, access.value);
        window->device->write(offset, access.width, access.value);
        if (!window->virtio || !virtio_.resetting(*window->device)) // else the guest tries again when the disk is done
            access.answer();
    }
    if (window->virtio && virtio_.more_to_do())
        event_.signal(work_bit);
    if (input_wanted_ || !kept_.empty())
        pump_input();
    return true;
}

Outcome Machine::call(const Call& call) {
    const sdk::Guard guard{lock_};
    return firmware_.call(call);
}

void Machine::request(Power power) {
    Power on = Power::On;
    if (!power_.compare_exchange_strong(on, power))
        return;
    for (const auto& hart : harts_)
        hart->kick();
    event_.signal(power_bit);
}

std::optional<Start> Machine::take_start(unsigned hart) {
    const sdk::Guard guard{lock_};
    const auto start = firmware_.take_start(hart);
    if (start)
        ++active_;
    return start;
}

void Machine::parked() {
    if (--active_ == 0)
        event_.signal(power_bit);
}

void Machine::woken(unsigned hart) {
    const sdk::Guard guard{lock_};
    firmware_.woken(hart);
}

std::optional<std::uint64_t> Machine::counter(unsigned hart, std::uint64_t csr) {
    const sdk::Guard guard{lock_};
    return firmware_.counter(hart, csr);
}

void Machine::external_interrupt(unsigned hart, bool pending) {
    if (hart < harts_.size())
        harts_[hart]->interrupt(pending ? abi::hvip::vseip : 0, pending ? 0 : abi::hvip::vseip);
}

std::uint64_t Machine::now() {
    return sdk::startup().epoch_nanoseconds + sdk::nanoseconds_of_ticks(sdk::now());
}

/// When the guest's alarm is due, in the host's ticks.
std::uint64_t Machine::alarm_deadline() {
    const sdk::Guard guard{lock_};
    // A trace is passed on often enough for a person to watch.
    const std::uint64_t drain = trace_.on() ? sdk::now() + sdk::ticks_per_second() / 10 : sdk::no_deadline;
    const std::uint64_t deadline = rtc_.deadline(), epoch = sdk::startup().epoch_nanoseconds;
    const std::uint64_t earlier = std::min(drain, line_due_);
    if (deadline == devices::GoldfishRtc::no_alarm)
        return earlier;
    return std::min(earlier, sdk::ticks_of_nanoseconds(deadline > epoch ? deadline - epoch : 0) +
                                 1); // rounded up, not to be too early
}

}
