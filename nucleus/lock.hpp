// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

/// A spin lock. There is one, for everything but the way from a guest to its monitor and back; whoever holds it
/// does a bounded piece of work with interrupts off.
class Lock {
  public:
    void lock() {
        while (held_.exchange(1, std::memory_order_acquire))
            while (held_.load(std::memory_order_relaxed))
                ;
    }
    void unlock() { held_.store(0, std::memory_order_release); }

  private:
    std::atomic<std::uint32_t> held_{0};
};

/// Holds the lock while it lives.
class Locked {
  public:
    explicit Locked(Lock& lock) : lock_{lock} { lock_.lock(); }
    ~Locked() { lock_.unlock(); }
    Locked(const Locked&) = delete;
    Locked& operator=(const Locked&) = delete;

  private:
    Lock& lock_;
};
