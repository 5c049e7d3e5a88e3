// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "monitors/machine/sbi_call.hpp"

namespace machine {

/// SBI HSM and SUSP: which harts run. What a call says of a hart is true when the call ends: one that stops or suspends
/// executes nothing any more, so that it needs no state on its way there.
class HartStates {
  public:
    /// By their numbers in SBI HSM, "HSM Hart States"; those on the way to another are not all needed.
    enum class State : std::uint64_t { Started = 0, Stopped = 1, StartPending = 2, Suspended = 4 };

    explicit HartStates(const Surroundings& around) : around_{around} {}
    /// All are stopped.
    void reset() { states_.fill(State::Stopped); }
    void start(unsigned hart, const Start& start);
    /// What a hart that is to start begins with; it has then started.
    std::optional<Start> take_start(unsigned hart);
    /// A suspended hart goes on.
    void woken(unsigned hart) { states_[hart] = State::Started; }
    State state(unsigned hart) const { return states_[hart]; }

    Outcome call(const Call& call);
    Outcome system_suspend(const Call& call);

  private:
    Answer hart_start(const Call& call);
    Outcome hart_suspend(const Call& call);
    Outcome suspend(unsigned hart, std::optional<Start> resume);

    const Surroundings& around_;
    std::array<State, map::hart_limit> states_{};
    std::array<Start, map::hart_limit> starts_{};
};

}
