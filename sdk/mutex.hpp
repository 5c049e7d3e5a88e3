// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

#include "sdk/event.hpp"

namespace sdk {

/// Mutual exclusion among the threads of a process; works with std::lock_guard's shape. Costs no system call while
/// nobody waits. Without an event (out of quota) waiters spin.
class Mutex {
  public:
    Mutex() = default;
    void lock() {
        std::uint32_t free = 0;
        if (state_.compare_exchange_strong(free, held, std::memory_order_acquire))
            return;
        while (state_.exchange(contended, std::memory_order_acquire) != 0)
            wait();
    }
    void unlock() {
        if (state_.exchange(0, std::memory_order_release) == contended)
            if (const abi::Handle event = event_.load(std::memory_order_acquire))
                (void)call(abi::Call::EventSignal, event, 1);
    }

  private:
    static constexpr std::uint32_t held = 1, contended = 2;
    void wait() {
        if (event_.load(std::memory_order_acquire) == 0)
            if (const auto made = call(abi::Call::EventCreate)) {
                abi::Handle none = 0;
                if (!event_.compare_exchange_strong(none, *made))
                    (void)call(abi::Call::Destroy, *made);
            }
        // The deadline bounds the one race: an unlock that came before the event was there.
        const std::uint64_t soon = now() + system_info(abi::SystemFact::TimebaseHertz) / 1000;
        if (const abi::Handle event = event_.load(std::memory_order_acquire))
            (void)call(abi::Call::EventWait, event, 1, soon);
    }

    std::atomic<std::uint32_t> state_{0};
    std::atomic<abi::Handle> event_{0};
};

class Guard {
  public:
    explicit Guard(Mutex& mutex) : mutex_{mutex} { mutex_.lock(); }
    ~Guard() { mutex_.unlock(); }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

  private:
    Mutex& mutex_;
};

}
