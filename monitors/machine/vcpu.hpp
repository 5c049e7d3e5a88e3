// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

#include "monitors/machine/sbi.hpp"
#include "sdk/event.hpp"
#include "sdk/virtual_cpu.hpp"

namespace machine {

class Machine;

/// A hart of the machine, with the thread that runs it. It is parked until it is started, and again when it has stopped.
class Vcpu {
  public:
    Vcpu(Machine& machine, unsigned id, sdk::VirtualCpu cpu, sdk::Event wake)
        : machine_{machine}, id_{id}, cpu_{std::move(cpu)}, wake_{std::move(wake)} {}

    /// The thread's work; returns when the machine has ended.
    void run();
    /// Lets a parked hart look whether it has been started, or is to end.
    void wake() const { wake_.signal(1); }
    /// Makes the hart leave its guest and look again at the machine's state.
    void kick() const { cpu_.kick(); }

    sdk::VirtualCpu& cpu() { return cpu_; }

  private:
    void set_up(const sbi::Start& start);
    /// Runs the guest until this hart stops.
    void run_guest();
    void answer(const sdk::SbiCall& call);
    void access(const sdk::MmioAccess& access);
    void emulate(std::uint32_t instruction);
    void fault(std::uint64_t cause);

    Machine& machine_;
    unsigned id_;
    sdk::VirtualCpu cpu_;
    sdk::Event wake_;
    bool running_ = false, waiting_ = false; ///< waiting: the guest goes on only when it is interrupted
};

}
