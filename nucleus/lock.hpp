// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

/// A fair spin lock. There is one, for everything but the way from a guest to its monitor and back; whoever holds it
/// does a bounded piece of work with interrupts off.
class Lock {
  public:
    void lock() {
        const std::uint32_t ticket = next_.fetch_add(1, std::memory_order_relaxed);
        while (serving_.load(std::memory_order_acquire) != ticket)
            ;
    }
    void unlock() { serving_.store(serving_.load(std::memory_order_relaxed) + 1, std::memory_order_release); }

  private:
    std::atomic<std::uint32_t> next_{0}, serving_{0};
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
