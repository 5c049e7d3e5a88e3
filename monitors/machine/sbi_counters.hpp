// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "monitors/machine/sbi_call.hpp"

namespace machine {

/// Counters of SBI PMU by number: `cycle` and `instret` by their place among the counter CSRs, where Linux also looks
/// for them, then firmware counters.
namespace counter {
inline constexpr std::uint64_t cycle = 0, instret = 2, first_firmware = 3, firmware = 16,
                               count = first_firmware + firmware;
/// There is none at 1: that would be the CSR `time`.
inline constexpr std::uint64_t valid = (std::uint64_t{1} << count) - 1 - 2;
inline constexpr std::uint64_t first_csr = 0xc00;
constexpr bool is_firmware(std::uint64_t index) {
    return index >= first_firmware;
}
}

/// Events of SBI PMU by number: type and code.
namespace counter_event {
inline constexpr std::uint64_t cycles = 1, instructions = 2, firmware_type = 0xf << 16, code_mask = 0xffff;
inline constexpr std::uint64_t index_bits = 20;
inline constexpr std::uint64_t none = 0;

/// Whether some counter can count it. No event that is offered has data of its own.
bool offered(std::uint64_t event, std::uint64_t data);
bool counted_by(std::uint64_t event, std::uint64_t index);
}

/// One hart's counters.
///
/// Those of the hardware go on for ever and are the host hart's: nothing here can stop or set them. As long as the
/// guest has neither stopped nor set a counter, it reads that of the hardware, without an exit. From then on until the
/// counter is free again its CSR traps, and what it shows is computed: so a counter that was stopped stands still.
class Counters {
  public:
    Counters(unsigned hart, const Surroundings& around) : hart_{hart}, around_{&around} {}

    /// As after a hart's reset, whose CSRs do not trap.
    void reset();
    bool free(std::uint64_t index) const { return counters_[index].event == counter_event::none; }
    bool started(std::uint64_t index) const { return counters_[index].started; }
    void assign(std::uint64_t index, std::uint64_t event) { counters_[index].event = event; }
    void release(std::uint64_t index);
    void set(std::uint64_t index, std::uint64_t value);
    void start(std::uint64_t index);
    void stop(std::uint64_t index);
    std::uint64_t value(std::uint64_t index) const;

  private:
    struct Counter {
        std::uint64_t event; ///< that it counts
        bool started;
        bool kept;           ///< what it shows is ours to know; else it is the hardware's
        std::uint64_t value; ///< what it shows and, while it is started, what the source counted more than `since`
        std::uint64_t since;
    };
    std::uint64_t source(std::uint64_t index) const;
    void keep(std::uint64_t index, bool kept);

    unsigned hart_;
    const Surroundings* around_;
    std::array<Counter, counter::count> counters_{};
};

}
