// SPDX-License-Identifier: Apache-2.0
#include "sdk/thread.hpp"

#include <cstddef>

namespace sdk {

struct Thread::Start {
    static constexpr std::size_t stack_bytes = 32768;
    std::function<void()> work;
    Event done;
    alignas(16) std::byte stack[stack_bytes];
};

}

extern "C" {

void thread_start(); // sdk/start.S

[[noreturn]] void sdk_thread(sdk::Thread::Start* start) {
    start->work();
    // The stack goes with `start` as soon as its owner sees the signal; the two calls need none in between.
    register std::uint64_t a0 asm("a0") = start->done.slot();
    register std::uint64_t a1 asm("a1") = 1;
    register std::uint64_t a7 asm("a7") = static_cast<std::uint64_t>(abi::Call::EventSignal);
    asm volatile("ecall\n mv a7, %3\n ecall"
                 : "+r"(a0), "+r"(a1), "+r"(a7)
                 : "r"(static_cast<std::uint64_t>(abi::Call::ThreadExit))
                 : "memory");
    __builtin_trap();
}
}

namespace sdk {

Thread::Thread(Handle handle, std::unique_ptr<Start> start) : handle_{std::move(handle)}, start_{std::move(start)} {}

abi::Result<Thread> Thread::start(std::function<void()> work, std::uint64_t hart, std::uint64_t priority) {
    auto done = Event::create();
    if (!done)
        return std::unexpected{done.error()};
    auto start = std::unique_ptr<Start>{new Start{std::move(work), std::move(*done), {}}};
    const auto handle = call(abi::Call::ThreadCreate, abi::own_process, &thread_start,
                             start->stack + sizeof start->stack, start.get(), hart, priority);
    if (!handle)
        return std::unexpected{handle.error()};
    return Thread{Handle{*handle}, std::move(start)};
}

void Thread::join() {
    if (start_)
        (void)start_->done.wait(1);
    start_.reset();
}

Thread::Thread(Thread&&) noexcept = default;

Thread::~Thread() {
    join();
}

}
