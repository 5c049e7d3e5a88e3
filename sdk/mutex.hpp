// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

#include "sdk/event.hpp"

namespace sdk {

/// Mutual exclusion among the threads of a process; works with std::lock_guard's shape. Costs no system call while
/// nobody waits. Without an event (out of quota) waiters spin. There is no deadline in it: where harts are slow, one
/// that has always passed would keep a waiter busy, and with it the hart that the holder wants.
class Mutex {
  public:
    Mutex() = default;
    void lock() {
        std::uint32_t expected = free;
        if (!state_.compare_exchange_strong(expected, held, std::memory_order_acquire)) [[unlikely]]
            wait();
    }
    void unlock() {
        if (state_.exchange(free) == contended) [[unlikely]]
            wake();
    }

  private:
    static constexpr std::uint32_t free = 0, held = 1, contended = 2;
    [[gnu::noinline]] void wait() {
        const abi::Handle event = waiters_event();
        // After the event is there: an unlock that did not see it is seen here.
        while (state_.exchange(contended) != free)
            if (event != 0)
                (void)call(abi::Call::EventWait, event, 1, no_deadline);
    }
    [[gnu::noinline]] void wake() {
        if (const abi::Handle event = event_.load())
            (void)call(abi::Call::EventSignal, event, 1);
    }
    /// The event that an unlock raises, made when it is first wanted; 0: there can be none.
    abi::Handle waiters_event() {
        if (const abi::Handle event = event_.load())
            return event;
        const auto made = call(abi::Call::EventCreate);
        abi::Handle event = 0;
        if (!made || event_.compare_exchange_strong(event, *made))
            return made.value_or(0);
        (void)call(abi::Call::Destroy, *made);
        return event;
    }

    std::atomic<std::uint32_t> state_{free};
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
