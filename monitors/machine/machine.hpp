// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "devices/goldfish_rtc.hpp"
#include "devices/guest_ram.hpp"
#include "devices/test_finisher.hpp"
#include "devices/uart16550.hpp"
#include "monitors/machine/bus.hpp"
#include "monitors/machine/debugger.hpp"
#include "monitors/machine/gate.hpp"
#include "monitors/machine/interrupts.hpp"
#include "monitors/machine/sbi.hpp"
#include "monitors/machine/storage.hpp"
#include "monitors/machine/terminal.hpp"
#include "monitors/machine/trace.hpp"
#include "monitors/machine/vcpu.hpp"
#include "monitors/machine/virtio_bus.hpp"
#include "monitors/machine/watch_channel.hpp"
#include "sdk/guest_memory.hpp"
#include "sdk/mutex.hpp"
#include "sdk/thread.hpp"

namespace machine {

/// What the machine is doing, or is to do next.
enum class Power : std::uint8_t { On, Off, Failed, Reboot };

/// What the guest begins with, to be put there anew at each start.
struct Boot {
    std::span<const std::byte> kernel, initrd;
    GuestPhysical kernel_address, entry, initrd_address, tree_address;
    std::string_view command_line, extensions, mmu_type;
    std::uint32_t cbo_block_bytes = 0;
};

/// One machine: its memory, harts and devices. Devices and firmware are called with `lock_` held.
class Machine final : Platform,
                      devices::Plic::Listener,
                      devices::Uart16550::Listener,
                      devices::TestFinisher::Listener,
                      devices::GoldfishRtc::Clock,
                      devices::virtio::ConsoleListener,
                      WatchChannel::Listener {
  public:
    Machine(sdk::GuestMemory memory, std::span<std::byte> ram, Boot boot);

    /// Runs until the guest powers off; whether that was well.
    bool run();
    /// Of all harts together, at any time.
    MachineStatistics statistics() const;

    // For the threads of virtual CPUs.

    /// Whether there is a device that answers.
    bool access(unsigned hart, const sdk::MmioAccess& access);
    Outcome call(const Call& call);
    void request(Power power);
    std::optional<Start> take_start(unsigned hart);
    void parked();
    void woken(unsigned hart);
    /// What a hart reads from a counter's CSR that traps; nothing if it is none of those.
    std::optional<std::uint64_t> counter(unsigned hart, std::uint64_t csr);
    std::uint64_t environment(unsigned hart) const { return firmware_.environment(hart); }
    void count(unsigned hart, FirmwareEvent event) { firmware_.count(hart, event); }
    bool running() const { return power_ == Power::On; }
    bool ended() const { return ended_; }
    /// For how long the machine has stood still, in all; what the guest's time is to be put back by.
    std::uint64_t lost_ticks() const { return lost_ticks_.load(std::memory_order_relaxed); }
    /// It has for so much longer.
    void lose_ticks(std::uint64_t ticks) { lost_ticks_ += ticks; }
    /// The same, with a pause that is not over yet.
    std::uint64_t paused_ticks() const { return lost_ticks() + (paused_ ? sdk::now() - paused_since_ : 0); }
    Gate& gate() { return gate_; }
    Interrupts& interrupts() { return interrupts_; }
    sdk::Mutex& lock() { return lock_; } ///< for what is behind `interrupts`
    /// A hart rests now.
    void rested() const {
        if (gate_.anybody_holds())
            event_.signal(rest_bit);
    }
    void work_done() const { event_.signal(work_done_bit); }
    void await_work() const { (void)event_.wait(work_done_bit); }

    // For those who want to look at the machine at rest, on the thread that serves it.

    /// Keeps harts out of their guest until they are released; they rest soon after.
    void hold(Holder who, Gate::Harts harts);
    void release(Holder who, Gate::Harts harts);
    unsigned vcpu_count() const { return static_cast<unsigned>(harts_.size()); }
    Vcpu& vcpu(unsigned hart) { return *harts_[hart]; }
    const devices::GuestRam& ram() const { return ram_; }
    void fence_harts() { remote_fence(); }

  private:
    /// Bits of the event that `serve` waits for.
    static constexpr std::uint64_t power_bit = 2, alarm_bit = 4, work_bit = 8, first_disk_bit = 16, rest_bit = 512,
                                   work_done_bit = 1024, trace_bit = 2048;

    void add_harts();
    void load();
    void serve();
    void take_orders();
    void pause();
    void resume();
    void report_pause();
    void report_stats();
    void press_power();
    bool press(bool virtio, char key);
    void open_watching();
    void restart_watching();
    void serve_watchers(std::uint64_t signals);
    bool pass_on_trace();
    void finish_trace();
    void release_all();
    void serve_once(std::uint64_t signals);
    void work();
    void pump_input();
    void reset_devices();
    std::uint64_t alarm_deadline();

    void set_timer(unsigned hart, std::uint64_t deadline) override;
    void send_ipi(unsigned hart) override;
    bool clear_ipi(unsigned hart) override;
    void remote_fence() override;
    void console_write(std::span<const std::byte> bytes) override { terminal_.write(bytes); }
    std::size_t console_read(std::span<std::byte> to) override;
    std::expected<std::uint64_t, std::uint64_t> load_guest_virtual(unsigned hart, std::uint64_t address) override;
    void wake_hart(unsigned hart) override { harts_[hart]->wake(); }
    std::uint64_t hardware_counter(HardwareCounter which) override;
    void set_counter_access(unsigned hart, std::uint64_t counters) override;
    void set_environment(unsigned hart, std::uint64_t environment) override;
    abi::Answered answered(unsigned hart) override { return harts_[hart]->cpu().answered(); }
    void external_interrupt(unsigned hart, bool pending) override;
    void uart_output(std::uint8_t byte) override;
    void end_line();
    void uart_ready() override { input_wanted_ = true; }
    void console_output(unsigned, std::span<const std::byte> bytes) override;
    void test_passed() override { request(Power::Off); }
    void test_failed(std::uint16_t) override { request(Power::Failed); }
    void test_reset() override { request(Power::Reboot); }
    std::uint64_t now() override;
    void debugger_says(std::byte byte) override { debugger_->receive({&byte, 1}); }
    void debugger_left() override { debugger_->disconnect(); }
    bool begin_trace() override;
    void end_trace() override;
    void alarm_changed() override { event_.signal(alarm_bit); }

    sdk::GuestMemory memory_;
    devices::GuestRam ram_;
    Boot boot_;
    sdk::Mutex lock_;
    sdk::Event event_; ///< what `serve` waits for
    Terminal terminal_;
    Sbi firmware_;
    Interrupts interrupts_;
    TracedDevices lines_; ///< into the interrupt controller
    devices::Uart16550 uart_;
    devices::TestFinisher finisher_;
    devices::GoldfishRtc rtc_;
    Storage storage_;
    VirtioBus virtio_;
    Bus bus_;
    std::vector<std::unique_ptr<Vcpu>> harts_;
    std::vector<sdk::Thread> threads_;
    Gate gate_;
    Trace trace_;
    sdk::Mapping watch_memory_;
    std::optional<WatchChannel> watch_; ///< nothing: nobody can watch the machine; and so the debugger
    std::optional<Debugger> debugger_;
    std::atomic<Power> power_{Power::Off};
    std::atomic<bool> ended_{false};
    std::atomic<unsigned> active_{0}; ///< harts that are not parked
    std::vector<std::byte> kept_;     ///< typed, but the guest had no room for it yet
    bool input_wanted_ = false;
    bool console_speaks_ = false; ///< the guest has written to its virtio console

    bool paused_ = false;
    std::atomic<std::uint64_t> lost_ticks_{0};
    std::uint64_t paused_since_ = 0;
    bool pause_asked_ = false;                        ///< who asked waits for harts to be held
    std::size_t power_keys_ = 0;                      ///< that have been typed of those that ask for the end
    std::uint64_t power_deadline_ = sdk::no_deadline; ///< when the next of them is
    std::uint64_t line_due_ = sdk::no_deadline;       ///< when what the UART has said of a line is shown
    std::uint64_t work_due_ = sdk::no_deadline;       ///< when devices go on with what they have to do; ticks
    std::uint64_t work_rests_until_ = 0;              ///< and not before
};

}
