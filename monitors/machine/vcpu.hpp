// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>

#include "base/control.hpp"
#include "monitors/machine/csr_instruction.hpp"
#include "monitors/machine/sbi.hpp"
#include "monitors/machine/statistics.hpp"
#include "monitors/machine/trace.hpp"
#include "sdk/event.hpp"
#include "sdk/virtual_cpu.hpp"

namespace machine {

class Machine;

/// A hart of the machine, with the thread that runs it. It is parked until it is started, and again when it has
/// stopped.
class Vcpu {
  public:
    Vcpu(Machine& machine, unsigned id, sdk::VirtualCpu cpu, sdk::Event wake)
        : machine_{machine}, id_{id}, cpu_{std::move(cpu)}, wake_{std::move(wake)} {}

    /// The thread's work; returns when the machine has ended.
    void run();
    /// Lets a parked hart look whether it has been started, or is to end.
    void wake() const { wake_.signal(look_bit); }
    /// Makes the hart leave its guest and look again at the machine's state.
    void kick() const { cpu_.kick(); }
    /// Sets and clears virtual interrupts (abi::hvip).
    void interrupt(std::uint64_t set, std::uint64_t clear) const { cpu_.interrupt(set, clear); }
    /// Of its own thread: legacy SBI's timer and interrupt.
    sdk::VirtualCpu& cpu() { return cpu_; }
    /// What it has done so far. With the machine's lock held; a number of its own thread's may be a moment old.
    control::VcpuStats stats() const;
    /// From any thread.
    void add_to(MachineStatistics& sums) const { sums.add(statistics_, cpu_.answered()); }

    /// Where its exits are recorded from now on; null: nowhere.
    void trace_into(TraceWriter* writer) {
        trace_ = writer;
        kick();
    }

    // While it rests and is held (gate.hpp).

    /// Has its thread do something that only that may: a vCPU's registers are the business of one thread.
    void ask(const std::function<void(sdk::VirtualCpu&)>& work);
    bool parked() const { return parked_; }
    /// Whether it rests because of an ebreak that nobody has looked at yet; it then counts as looked at.
    bool take_trap() { return trapped_.exchange(false); }

  private:
    static constexpr std::uint64_t look_bit = 1, work_bit = 2;
    static constexpr std::uint64_t moment_bit = 4; ///< that nobody ever raises
    void set_clock();
    void set_up(const Start& start);
    void run_guest();
    void look_again();
    bool handle_exit(auto&& exit);
    bool count_and_handle(const auto& exit);
    void rest();
    void handle(const sdk::Kicked& exit);
    void handle(const sdk::Exception& exit);
    void suspend(const Suspend& suspend);
    void look_whether_woken();
    bool interrupt_pending();
    std::uint64_t read(abi::VcpuRegister which);
    void write(abi::VcpuRegister which, std::uint64_t value);
    void handle(sdk::SbiCall call);
    void no_device(bool store);
    void handle(const sdk::GuestPageFault& exit);
    void handle(const sdk::VirtualInstruction& exit);
    /// Makes the guest interrupt file of this thread's hart, if there is one for this hart, its own, and empties it.
    void take_interrupt_file();
    /// Whether the instruction has accessed a CSR that traps: a counter, or one of the hart's interrupt file.
    bool access_csr(std::uint32_t instruction);
    std::optional<std::uint64_t> read_counter(const CsrInstruction& instruction);
    std::optional<std::uint64_t> access_interrupt_file(const CsrInstruction& instruction);
    void handle(const sdk::Unexpected& exit);
    /// Makes the guest take an exception that its last act is to be answered with.
    void fault(std::uint64_t cause, std::uint64_t value);

    Machine& machine_;
    unsigned id_;
    sdk::VirtualCpu cpu_;
    sdk::Event wake_;
    Statistics statistics_;
    std::uint64_t lost_ticks_ = 0; ///< of those that the machine was paused for, what the guest's time is back
    bool running_ = false;
    bool changed_ = false; ///< how the guest is to be run may be another from now on
    std::atomic<TraceWriter*> trace_{nullptr};
    std::atomic<bool> parked_{true}, trapped_{false};
    std::atomic<const std::function<void(sdk::VirtualCpu&)>*> work_{nullptr};
    /// What a suspended hart gets back when it wakes.
    struct Suspended {
        std::uint64_t pc, vsatp, vsstatus, deadline;
    };
    std::optional<Suspended> suspended_;
};

}
