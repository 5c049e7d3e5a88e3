// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

namespace machine {

/// Who may want harts to rest.
enum class Holder : unsigned { Control, Debugger };

/// Which harts may run, and which of them rest. A hart that rests leaves only when nobody holds it, so whoever holds
/// one that rests knows that it does nothing.
class Gate {
  public:
    using Harts = std::uint8_t;
    static constexpr Harts all = 0xff;

    // For holders, on any thread.
    void hold(Holder who, Harts harts) { state_.fetch_or(holds(who, harts)); }
    void release(Holder who, Harts harts) { state_.fetch_and(~holds(who, harts)); }
    bool resting(Harts harts) const { return (state_.load() >> resting_shift & harts) == harts; }
    bool anybody_holds() const { return (state_.load() & ((1u << resting_shift) - 1)) != 0; }

    // For the hart's own thread.
    bool held(unsigned hart) const { return (state_.load() & held_bits(hart)) != 0; }
    void rest(unsigned hart) { state_.fetch_or(resting_bit(hart)); }
    /// Ends the rest, unless somebody holds the hart; whether it did.
    bool leave(unsigned hart) {
        std::uint32_t state = state_.load();
        do {
            if ((state & held_bits(hart)) != 0)
                return false;
        } while (!state_.compare_exchange_weak(state, state & ~resting_bit(hart)));
        return true;
    }

  private:
    static constexpr unsigned bits = 8, holders = 2, resting_shift = holders * bits;
    static constexpr std::uint32_t holds(Holder who, Harts harts) {
        return std::uint32_t{harts} << static_cast<unsigned>(who) * bits;
    }
    static constexpr std::uint32_t held_bits(unsigned hart) { return std::uint32_t{0x0101} << hart; }
    static constexpr std::uint32_t resting_bit(unsigned hart) { return std::uint32_t{1} << (resting_shift + hart); }

    std::atomic<std::uint32_t> state_{0};
};

}
