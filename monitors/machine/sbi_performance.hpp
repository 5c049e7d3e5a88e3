// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "monitors/machine/sbi_counters.hpp"

namespace machine {

/// SBI PMU: each hart's counters, and what its kernel does with them.
class Performance {
  public:
    explicit Performance(const Surroundings& around);
    /// A hart is reset, whose CSRs do not trap.
    void reset(unsigned hart) { harts_[hart].reset(); }
    Outcome call(const Call& call);
    /// What a hart reads from a counter's CSR that traps; nothing if it is none of those.
    std::optional<std::uint64_t> read(unsigned hart, std::uint64_t csr) const;

  private:
    Answer get_info(const Call& call) const;
    Answer configure(const Call& call);
    Answer start(const Call& call);
    Answer stop(const Call& call);
    Answer firmware_read(const Call& call, bool high) const;
    Answer event_info(const Call& call) const;

    const Surroundings& around_;
    std::vector<Counters> harts_;
};

}
