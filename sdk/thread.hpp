// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "sdk/event.hpp"

namespace sdk {

/// A thread of this process. Its owner waits for it to end.
class Thread {
  public:
    /// Starts `work` on a hart (~0: this one) with a priority of 1 to 255, at most the caller's.
    static abi::Result<Thread> start(std::function<void()> work, std::uint64_t hart, std::uint64_t priority);
    Thread(Thread&&) noexcept;
    ~Thread();

    /// Returns when the work is done.
    void join();
    abi::Result<std::uint64_t> move(std::uint64_t hart, std::uint64_t priority) const {
        return call(abi::Call::ThreadMove, handle_.slot(), hart, priority);
    }

    struct Start;

  private:
    Thread(Handle handle, std::unique_ptr<Start> start);
    Handle handle_;
    std::unique_ptr<Start> start_;
};

}
