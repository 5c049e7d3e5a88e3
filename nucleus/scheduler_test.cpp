// SPDX-License-Identifier: Apache-2.0
#include "nucleus/scheduler.hpp"

#include <gtest/gtest.h>

#include "nucleus/test_machine.hpp"

namespace {

using abi::Error;
constexpr std::uint64_t a0 = 10, a1 = 11, never = ~std::uint64_t{0};

struct Scheduling : testing::Test {
    TestMachine machine{2};
    Hart& hart = machine.harts[0];
    Hart& other = machine.harts[1];

    Error answer_of(const Thread& thread) { return static_cast<Error>(thread.registers.x[a0]); }
    void wait(Thread& thread, Event& event, std::uint64_t bits, std::uint64_t deadline = never) {
        hart.current = &thread;
        thread.event = &event;
        thread.wanted = bits;
        event.waiters.insert(thread);
        thread.timer.thread = &thread;
        arm(thread.timer, hart, deadline);
        block(thread, Wait::Event);
    }
};

TEST_F(Scheduling, TheHighestPriorityRunsFirst) {
    Thread &low = machine.thread(0, 10), &high = machine.thread(0, 20);
    make_ready(low);
    make_ready(high);
    pick(hart, 0);
    EXPECT_EQ(hart.current, &high);
    EXPECT_EQ(next_deadline(hart), never); // nobody else of that priority: no tick
}

TEST_F(Scheduling, EqualsTakeTurnsSliceBySlice) {
    Thread &one = machine.thread(0, 10), &two = machine.thread(0, 10);
    make_ready(one);
    make_ready(two);
    pick(hart, 0);
    EXPECT_EQ(hart.current, &one);
    EXPECT_EQ(next_deadline(hart), 100u);
    pick(hart, 99);
    EXPECT_EQ(hart.current, &one);
    pick(hart, 100);
    EXPECT_EQ(hart.current, &two);
    pick(hart, 200);
    EXPECT_EQ(hart.current, &one);
}

TEST_F(Scheduling, EqualsShareTheTimeByTheirProcessesShares) {
    Process large;
    large.space.account.payer = &machine.process.space.account;
    large.share = 3 * machine.process.share;
    Thread &small = machine.thread(0, 10), &big = machine.thread(0, 10);
    big.process = &large;
    make_ready(small);
    make_ready(big);
    std::uint64_t ran[2] = {};
    pick(hart, 0);
    for (std::uint64_t time = 0; time < 100'000; time += 100) {
        ++ran[hart.current == &big];
        pick(hart, time + 100);
    }
    EXPECT_NEAR(static_cast<double>(ran[1]), 750, 5);
    big.process = &machine.process;
}

TEST_F(Scheduling, WhoHasSleptClaimsNothingForIt) {
    Thread &sleeper = machine.thread(0, 10), &worker = machine.thread(0, 10);
    make_ready(worker);
    pick(hart, 0);
    pick(hart, 1'000'000);
    make_ready(sleeper);
    std::uint64_t slept_ran = 0;
    for (std::uint64_t time = 1'000'000; time < 1'010'000; time += 100) {
        slept_ran += hart.current == &sleeper;
        pick(hart, time + 100);
    }
    EXPECT_NEAR(static_cast<double>(slept_ran), 50, 2);
}

TEST_F(Scheduling, AloneAThreadNeedsNoTimer) {
    make_ready(machine.thread(0, 10));
    pick(hart, 0);
    EXPECT_EQ(next_deadline(hart), never);
}

TEST_F(Scheduling, AMoreUrgentThreadPreemptsAtOnceAndTheOtherGoesOnLater) {
    Thread &low = machine.thread(0, 10), &high = machine.thread(0, 20);
    make_ready(low);
    pick(hart, 0);
    make_ready(high);
    pick(hart, 1);
    EXPECT_EQ(hart.current, &high);
    block(high, Wait::Interrupt);
    pick(hart, 2);
    EXPECT_EQ(hart.current, &low);
}

TEST_F(Scheduling, AnotherHartIsInterruptedOnlyWhereItMatters) {
    make_ready(machine.thread(1, 10)); // it idles
    EXPECT_EQ(machine.interrupted, std::vector<std::uint64_t>{1});
    pick(other, 0);
    make_ready(machine.thread(1, 5)); // it has better to do
    EXPECT_EQ(machine.interrupted.size(), 1u);
    make_ready(machine.thread(1, 10)); // its slice must end some day
    EXPECT_EQ(machine.interrupted.size(), 2u);
}

TEST_F(Scheduling, AThreadThatIsMovedLeavesAtTheNextPick) {
    Thread& thread = machine.thread(0, 10);
    make_ready(thread);
    pick(hart, 0);
    thread.hart = &other;
    pick(hart, 1);
    EXPECT_EQ(hart.current, nullptr);
    EXPECT_EQ(other.ready.front(), &thread);
}

TEST_F(Scheduling, RaisingBitsWakesWhoWaitsForThemAndClearsThem) {
    Thread &one = machine.thread(0, 10), &two = machine.thread(0, 20);
    Event& event = machine.event();
    wait(one, event, 1);
    wait(two, event, 6);
    raise(event, 2 | 8);
    EXPECT_EQ(two.wait, Wait::None);
    EXPECT_EQ(answer_of(two), Error::None);
    EXPECT_EQ(two.registers.x[a1], 2u);
    EXPECT_EQ(one.wait, Wait::Event);
    EXPECT_EQ(event.signals, 8u);
    EXPECT_EQ(hart.ready.front(), &two);
}

TEST_F(Scheduling, AWaitEndsAtItsDeadline) {
    Thread& thread = machine.thread(0, 10);
    Event& event = machine.event();
    wait(thread, event, 1, 50);
    EXPECT_EQ(next_deadline(hart), 50u);
    expire(hart, 49);
    EXPECT_EQ(thread.wait, Wait::Event);
    expire(hart, 50);
    EXPECT_EQ(thread.wait, Wait::None);
    EXPECT_EQ(answer_of(thread), Error::TimedOut);
    EXPECT_EQ(event.waiters.front(), nullptr);
    EXPECT_EQ(next_deadline(hart), never);
}

TEST_F(Scheduling, ASignalToAnEventThatIsGoneDoesNothing) {
    Event& event = machine.event();
    const Signal signal{&event, nucleus.pool.serial(&event), 1};
    nucleus.pool.release(machine.process.space.account, &event);
    Event& next = machine.event(); // the same page, another life
    ASSERT_EQ(&next, &event);
    raise(signal);
    EXPECT_EQ(next.signals, 0u);
}

TEST_F(Scheduling, AnEndedProcessDoesNotRunAndItsHartsAreTold) {
    Thread &here = machine.thread(0, 10), &there = machine.thread(1, 10), &ready = machine.thread(0, 5);
    hart.current = &here;
    other.current = &there;
    make_ready(ready);
    Event& death = machine.event();
    machine.process.death = {&death, nucleus.pool.serial(&death), 4};
    end(machine.process, abi::ProcessState::Faulted, 13, 0x1234, here.registers);
    EXPECT_EQ(machine.interrupted, std::vector<std::uint64_t>{1});
    EXPECT_EQ(death.signals, 4u);
    pick(hart, 0);
    EXPECT_EQ(hart.current, nullptr);
    end(machine.process, abi::ProcessState::Exited, 0, 0, here.registers); // the first end counts
    EXPECT_EQ(machine.process.state, abi::ProcessState::Faulted);
    EXPECT_EQ(machine.process.cause, 13u);
}

TEST_F(Scheduling, AFenceWaitsForEveryHartThatHasTheSpaceLoaded) {
    Space& space = machine.process.space;
    other.process = &machine.process;
    fence(hart, space);
    EXPECT_EQ(machine.interrupted, std::vector<std::uint64_t>{1});
    EXPECT_EQ(hart.fencing, &space);
    EXPECT_FALSE(fenced(hart, space, hart.fence_epoch));
    other.program_epoch = space.epoch;
    EXPECT_TRUE(fenced(hart, space, hart.fence_epoch));
}

TEST_F(Scheduling, AGuestsTimerIsInTheGuestsTime) {
    Thread& thread = machine.thread(0, 10);
    Vcpu vcpu{};
    vcpu.thread = &thread;
    thread.vcpu = &vcpu;
    thread.wait = Wait::Interrupt;
    machine.time = 1000;
    vcpu.state(abi::VcpuRegister::TimeDelta) = 0 - std::uint64_t{900}; // the guest's clock shows 100
    vcpu.state(abi::VcpuRegister::Vstimecmp) = 150;
    arm_guest_timer(vcpu);
    EXPECT_EQ(next_deadline(hart), 1050u);
    expire(hart, 1050);
    EXPECT_EQ(vcpu.set, abi::hvip::vstip); // no Sstc here
    EXPECT_EQ(thread.wait, Wait::None);
    vcpu.state(abi::VcpuRegister::Vstimecmp) = never;
    arm_guest_timer(vcpu);
    EXPECT_EQ(next_deadline(hart), never);
}

TEST_F(Scheduling, AFenceThatEndsIsReportedHoweverTheLastHartHasComeBy) {
    Guest guest{};
    Vcpu vcpu{};
    vcpu.guest = &guest;
    vcpu.hart = &other;
    other.vcpu = &vcpu;
    fence(hart, guest.space);
    machine.interrupted.clear();
    report_fences(other); // not yet
    EXPECT_TRUE(machine.interrupted.empty());
    evict(vcpu); // its monitor has looked at a register, and the vCPU is loaded anew, with nothing to fence
    vcpu.hart = &other;
    other.vcpu = &vcpu;
    other.guest_epoch = guest.space.epoch;
    report_fences(other);
    EXPECT_EQ(machine.interrupted, std::vector<std::uint64_t>{0});
    end_fence(hart);
    EXPECT_EQ(hart.fencing, nullptr);
}

TEST_F(Scheduling, AFenceThatAGuestAsksForWaitsForHartsThatRunTheVcpusThatItNames) {
    Guest guest{};
    Vcpu vcpu{};
    Thread& thread = machine.thread(1, 10);
    vcpu.guest = &guest;
    vcpu.id = 3;
    vcpu.hart = &other;
    vcpu.thread = &thread;
    thread.vcpu = &vcpu;
    other.vcpu = &vcpu;
    fence(hart, guest.space, 1 << 3); // its hart is idle
    EXPECT_TRUE(machine.interrupted.empty());
    end_fence(hart);
    EXPECT_EQ(hart.fencing, nullptr);
    other.current = &thread;
    fence(hart, guest.space, 1 << 2); // another one's
    end_fence(hart);
    EXPECT_EQ(hart.fencing, nullptr);
    fence(hart, guest.space, 1 << 3);
    EXPECT_EQ(machine.interrupted, std::vector<std::uint64_t>{1});
    end_fence(hart);
    EXPECT_EQ(hart.fencing, &guest.space);
    other.guest_epoch = guest.space.epoch;
    end_fence(hart);
    EXPECT_EQ(hart.fencing, nullptr);
    other.current = nullptr;
    fence(hart, guest.space); // a change of the monitor's: pages may have a new owner when it is over
    EXPECT_NE(hart.fencing, nullptr);
    end_fence(hart);
    EXPECT_NE(hart.fencing, nullptr);
}

TEST_F(Scheduling, HoweverLongAThreadHasRunItKeepsItsPriority) {
    Thread &high = machine.thread(0, 21), &low = machine.thread(0, 20);
    machine.process.share = 1;
    high.pass = (std::uint64_t{1} << Thread::pass_bits) - 10; // a year or so
    make_ready(high);
    pick(hart, 0);
    make_ready(low);
    pick(hart, 1'000'000);
    EXPECT_EQ(hart.current, &high);
    EXPECT_LT(high.order, low.order);
}

TEST_F(Scheduling, WhoBecomesReadyDuringAFenceRunsWhenItEnds) {
    Thread &low = machine.thread(0, 10), &high = machine.thread(0, 20);
    make_ready(low);
    pick(hart, 0);
    other.process = &machine.process;
    fence(hart, machine.process.space);
    make_ready(high);
    end_fence(hart);
    pick(hart, 1);
    EXPECT_EQ(hart.current, &low); // the fence is its call's, which is not over
    other.program_epoch = machine.process.space.epoch;
    end_fence(hart);
    pick(hart, 2);
    EXPECT_EQ(hart.current, &high);
}

TEST_F(Scheduling, AMovedThreadRunsOnlyWhenItsVcpuIsOffTheOtherHart) {
    Thread& thread = machine.thread(1, 10);
    Vcpu vcpu{};
    vcpu.thread = &thread;
    thread.vcpu = &vcpu;
    thread.active = &thread.registers;
    vcpu.hart = &hart; // where the thread was before
    hart.vcpu = &vcpu;
    make_ready(thread);
    machine.interrupted.clear();
    machine.self = 1;
    pick(other, 0);
    EXPECT_EQ(other.current, nullptr);
    EXPECT_EQ(machine.interrupted, std::vector<std::uint64_t>{0});
    machine.self = 0;
    evict(vcpu);
    EXPECT_EQ(vcpu.hart, nullptr);
    EXPECT_EQ(machine.interrupted, (std::vector<std::uint64_t>{0, 1}));
    machine.self = 1;
    pick(other, 1);
    EXPECT_EQ(other.current, &thread);
}

TEST_F(Scheduling, AThreadThatLosesItsVcpuWaitsForItNoLonger) {
    Thread& thread = machine.thread(1, 10);
    Vcpu vcpu{};
    vcpu.thread = &thread;
    thread.vcpu = &vcpu;
    thread.active = &thread.registers;
    vcpu.hart = &hart;
    hart.vcpu = &vcpu;
    make_ready(thread);
    pick(other, 0);
    EXPECT_EQ(other.current, nullptr);
    unbind(thread);
    pick(other, 1);
    EXPECT_EQ(other.current, &thread);
    evict(vcpu); // whose thread is nobody now
    EXPECT_EQ(hart.vcpu, nullptr);
}

}
