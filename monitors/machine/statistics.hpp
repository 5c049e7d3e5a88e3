// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <type_traits>
#include <variant>

#include "abi/vcpu.hpp"
#include "base/control.hpp"
#include "sdk/exit.hpp"

namespace machine {

/// What one virtual CPU has done so far. Its own thread alone writes, and any thread reads what may be a moment old.
class Statistics {
  public:
    static constexpr std::size_t kinds = std::variant_size_v<sdk::Exit>;
    /// What exits of a kind, which is the number of its alternative in sdk::Exit, are called.
    static const char* kind_name(std::size_t kind);

    template <class Kind>
    void count(const Kind&) {
        std::atomic<std::uint64_t>& counter = exits_[index<Kind>];
        counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }
    /// The guest is about to be entered for the first time: notes how many instructions the hart has run until here.
    void entered();

    std::uint64_t exits(std::size_t kind) const { return exits_[kind].load(std::memory_order_relaxed); }
    template <class Kind>
    std::uint64_t exits() const {
        return exits(index<Kind>);
    }
    /// The hart's instructions, and the host's time in ticks, before the guest's first instruction; 0: not yet.
    std::uint64_t instructions_before() const { return instructions_before_.load(std::memory_order_relaxed); }
    std::uint64_t ticks_before() const { return ticks_before_.load(std::memory_order_relaxed); }

  private:
    template <class Kind, class... Kinds>
    static consteval std::size_t index_in(const std::variant<Kinds...>*) {
        std::size_t index = 0;
        (void)((std::is_same_v<Kind, Kinds> || (++index, false)) || ...);
        return index;
    }
    template <class Kind>
    static constexpr std::size_t index = index_in<Kind>(static_cast<const sdk::Exit*>(nullptr));

    std::array<std::atomic<std::uint64_t>, kinds> exits_{};
    std::atomic<std::uint64_t> instructions_before_{0}, ticks_before_{0};
    [[maybe_unused]] std::array<std::byte, 64> apart_{}; ///< from the next virtual CPU's: counting shares no cache line
};

/// The same as the control protocol has it, with what the nucleus has answered and devices have interrupted for.
control::VcpuStats summary(const Statistics& statistics, const abi::Answered& answered, std::uint64_t interrupts);

/// Sums over all virtual CPUs of a machine, and how it began.
struct MachineStatistics {
    std::array<std::uint64_t, Statistics::kinds> exits{};
    abi::Answered answered{};
    std::uint64_t instructions_before = 0, ticks_before = 0; ///< of the one that was entered first

    void add(const Statistics& statistics, const abi::Answered& more);
    /// Writes them to the log, a line `statistics: NAME VALUE UNIT` each.
    void print() const;
};

}
