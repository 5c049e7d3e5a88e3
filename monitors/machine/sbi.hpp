// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "monitors/machine/sbi_call.hpp"
#include "monitors/machine/sbi_features.hpp"
#include "monitors/machine/sbi_harts.hpp"
#include "monitors/machine/sbi_performance.hpp"

namespace machine {

/// A guest's firmware: SBI 3.0 (docs/sbi.md).
class Sbi {
  public:
    /// `environment` is the henvcfg that the host gives guests, `extensions` what the guest is told of its harts.
    Sbi(unsigned harts, const devices::GuestRam& ram, Platform& platform, std::uint64_t environment,
        std::string_view extensions);
    /// As after power-on.
    void reset();
    /// Hart 0, which no hart asks for.
    void start_first(const Start& start) { states_.start(0, start); }
    Outcome call(const Call& call);
    /// Answers the calls that neither change nor look at anything that changes, on any thread: Base, and those of
    /// extensions that do not exist. Nothing for all others.
    static std::optional<Answer> answer_at_once(sbi::Extension extension, std::uint64_t function,
                                                std::uint64_t argument);
    /// What a hart that has been started begins with; it has then started, and is as after its reset.
    std::optional<Start> take_start(unsigned hart);
    /// A hart that was suspended goes on.
    void woken(unsigned hart) { states_.woken(hart); }

    // Of a hart's own thread.

    /// What its henvcfg is to be.
    std::uint64_t environment(unsigned hart) const { return features_.environment(hart); }
    /// What it reads from a counter's CSR that traps; nothing if it is none of those.
    std::optional<std::uint64_t> counter(unsigned hart, std::uint64_t csr) const { return counters_.read(hart, csr); }
    void count(unsigned hart, FirmwareEvent event) { events_.count(hart, event); }

  private:
    FirmwareEvents events_;
    Surroundings around_;
    HartStates states_;
    FirmwareFeatures features_;
    Performance counters_;
};

}
