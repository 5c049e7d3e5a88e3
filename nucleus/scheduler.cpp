// SPDX-License-Identifier: Apache-2.0
#include "nucleus/scheduler.hpp"

#include <algorithm>
#include <utility>

namespace {

/// Counts the time since the last look as the current thread's. Whatever its share and however long it runs, that does
/// not become a matter of priority.
void charge(Hart& hart, std::uint64_t time) {
    const std::uint64_t ran = time - std::min(time, hart.charged);
    hart.charged = time;
    if (!hart.current)
        return;
    Thread& thread = *hart.current;
    constexpr std::uint64_t most = (std::uint64_t{1} << Thread::pass_bits) - 1;
    thread.pass = std::min(thread.pass + ran * share_usual / thread.process->share, most);
    thread.set_order();
    if (thread.vcpu)
        thread.vcpu->page->answered.run_ticks += ran;
}

/// Who has waited has no claim on the time meanwhile: it begins where the least served of its priority is.
void catch_up(Thread& thread) {
    const Hart& hart = *thread.hart;
    const Thread* other = hart.ready.front();
    while (other && other->urgency < thread.urgency)
        other = other->next;
    if (!other || other->urgency != thread.urgency)
        other = hart.current;
    if (other && other->urgency == thread.urgency)
        thread.pass = std::max(thread.pass, other->pass);
    thread.set_order();
}

}

void make_ready(Thread& thread) {
    Hart& hart = *thread.hart;
    catch_up(thread);
    hart.ready.insert(thread);
    if (&hart != &this_hart() && (!hart.current || thread.urgency <= hart.current->urgency))
        interrupt_hart(hart);
}

void answer(Thread& thread, abi::Result<std::uint64_t> result) {
    thread.registers.x[10] = static_cast<std::uint64_t>(result ? abi::Error::None : result.error());
    thread.registers.x[11] = result.value_or(0);
}

void wake(Thread& thread, abi::Result<std::uint64_t> result) {
    if (thread.wait == Wait::Event) {
        thread.event->waiters.remove(thread);
        answer(thread, result);
    }
    disarm(thread.timer);
    thread.wait = Wait::None;
    make_ready(thread);
}

void block(Thread& thread, Wait wait) {
    charge(*thread.hart, now());
    thread.wait = wait;
    thread.hart->current = nullptr;
}

void unlink(Thread& thread) {
    if (thread.wait == Wait::Event)
        thread.event->waiters.remove(thread);
    else
        thread.hart->ready.remove(thread);
    thread.wait = Wait::None;
    disarm(thread.timer);
}

void arm(Timer& timer, Hart& hart, std::uint64_t deadline) {
    disarm(timer);
    timer.deadline = deadline;
    if (deadline == ~std::uint64_t{0})
        return;
    timer.hart = &hart;
    hart.timers.insert(timer);
    if (&hart != &this_hart() && hart.timers.front() == &timer)
        interrupt_hart(hart);
}

void disarm(Timer& timer) {
    if (timer.hart)
        timer.hart->timers.remove(timer);
    timer.hart = nullptr;
}

void arm_guest_timer(Vcpu& vcpu) {
    const std::uint64_t host = now(), deadline = vcpu.state(abi::VcpuRegister::Vstimecmp);
    const std::uint64_t guest = host + vcpu.state(abi::VcpuRegister::TimeDelta);
    const std::uint64_t rest = deadline > guest ? deadline - guest : 0;
    vcpu.timer.vcpu = &vcpu;
    arm(vcpu.timer, *vcpu.thread->hart, rest > ~host ? ~std::uint64_t{0} : host + rest);
}

void expire(Hart& hart, std::uint64_t time) {
    while (Timer* timer = hart.timers.front()) {
        if (timer->deadline > time)
            return;
        disarm(*timer);
        if (timer->thread)
            wake(*timer->thread, std::unexpected{abi::Error::TimedOut});
        else // with Sstc the hardware has raised VSTIP itself: the vCPU only needs to run
            interrupt(*timer->vcpu, nucleus.has(abi::SystemFeature::Sstc) ? 0 : abi::hvip::vstip, 0);
    }
}

std::uint64_t next_deadline(const Hart& hart) {
    std::uint64_t deadline = hart.timers.front() ? hart.timers.front()->deadline : ~std::uint64_t{0};
    if (hart.current && hart.ready.front() && hart.ready.front()->urgency == hart.current->urgency)
        deadline = std::min(deadline, hart.slice_end);
    return deadline;
}

void pick(Hart& hart, std::uint64_t time) {
    charge(hart, time);
    Thread* current = hart.current;
    if (current && (current->dead || current->process->state != abi::ProcessState::Alive)) {
        hart.current = nullptr;
        if (current->dead)
            release(*current);
    } else if (current && hart.fencing) {
        return;
    } else if (current && current->hart != &hart) { // it was moved
        hart.current = nullptr;
        make_ready(*current);
    }
    while (Thread* next = hart.ready.front()) {
        current = hart.current;
        if (next->process->state != abi::ProcessState::Alive) {
            hart.ready.pop();
            continue;
        }
        if (Hart* other = next->vcpu ? next->vcpu->hart : nullptr; other && other != &hart) {
            hart.ready.pop(); // it was moved before that hart could let go
            next->wait = Wait::Unload;
            interrupt_hart(*other);
            continue;
        }
        if (current &&
            (next->urgency > current->urgency || (next->urgency == current->urgency && time < hart.slice_end)))
            return;
        if (current && next->order > current->order) { // it has not had its share yet
            hart.slice_end = time + nucleus.slice_ticks;
            return;
        }
        hart.ready.pop();
        if (current)
            hart.ready.insert(*current);
        hart.current = next;
        hart.slice_end = time + nucleus.slice_ticks;
        return;
    }
}

void raise(Event& event, std::uint64_t bits) {
    event.signals |= bits;
    for (Thread* thread = event.waiters.front(); thread && event.signals != 0;) {
        Thread* following = thread->next;
        if (const std::uint64_t seen = event.signals & thread->wanted) {
            event.signals &= ~seen;
            wake(*thread, seen);
        }
        thread = following;
    }
}

void raise(const Signal& signal) {
    if (signal.event && nucleus.pool.serial(signal.event) == signal.serial)
        raise(*signal.event, signal.bits);
}

void interrupt(Vcpu& vcpu, std::uint64_t set, std::uint64_t clear) {
    vcpu.set = (vcpu.set | set) & ~clear;
    vcpu.clear = (vcpu.clear | clear) & ~set;
    Thread* thread = vcpu.thread;
    if (thread && thread->wait == Wait::Interrupt)
        wake(*thread, 0);
    else if (vcpu.hart && vcpu.hart != &this_hart() && vcpu.hart->current == thread)
        interrupt_hart(*vcpu.hart);
}

void end(Process& process, abi::ProcessState state, std::uint64_t cause, std::uint64_t trap_value,
         const abi::Registers& registers) {
    if (process.state != abi::ProcessState::Alive)
        return;
    process.state = state;
    process.cause = cause;
    process.trap_value = trap_value;
    process.registers = registers;
    raise(process.death);
    for (std::uint64_t i = 0; i < nucleus.hart_count; ++i) {
        const Hart& hart = *nucleus.harts[i];
        if (&hart != &this_hart() && hart.current && hart.current->process == &process)
            interrupt_hart(hart);
    }
}

void evict(Vcpu& vcpu) {
    unload(vcpu);
    if (vcpu.thread && vcpu.thread->wait == Wait::Unload)
        wake(*vcpu.thread, 0);
}

void unbind(Thread& thread) {
    Vcpu* vcpu = std::exchange(thread.vcpu, nullptr);
    if (!vcpu)
        return;
    vcpu->thread = nullptr;
    disarm(vcpu->timer);
    thread.resumable = 0;
    if (thread.in_guest()) {
        thread.active = &thread.registers;
        answer(thread, std::unexpected{abi::Error::BadHandle});
    }
    if (thread.wait == Wait::Interrupt || thread.wait == Wait::Unload)
        wake(thread, 0);
}

void release(Thread& thread) {
    Process& process = *thread.process;
    unlink(thread);
    unbind(thread);
    const abi::Registers last = thread.registers;
    nucleus.pool.release(process.space.account, &thread);
    if (!nucleus.pool.next<Thread>(process.space.account, nullptr))
        end(process, abi::ProcessState::Exited, 0, 0, last);
}

namespace {

/// Whether `hart` has to come by before the changes of `space` up to `epoch` hold for `vcpus`. What a guest asks for
/// itself concerns the vCPUs that it names, and of these the ones that their harts run: before another one's guest goes
/// on, its hart settles, and fences.
bool concerned(const Hart& hart, const Space& space, std::uint64_t epoch, std::uint64_t vcpus) {
    if (hart.process && &hart.process->space == &space)
        return hart.program_epoch < epoch;
    const Vcpu* vcpu = hart.vcpu;
    if (!vcpu || &vcpu->guest->space != &space || hart.guest_epoch >= epoch)
        return false;
    return vcpus == every_vcpu || ((vcpus >> vcpu->id & 1) != 0 && hart.current && hart.current->vcpu == vcpu);
}

}

bool fenced(const Hart& self, const Space& space, std::uint64_t epoch, std::uint64_t vcpus) {
    for (std::uint64_t i = 0; i < nucleus.hart_count; ++i)
        if (nucleus.harts[i] != &self && concerned(*nucleus.harts[i], space, epoch, vcpus))
            return false;
    return true;
}

void fence(Hart& self, Space& space, std::uint64_t vcpus) {
    self.fencing = &space;
    self.fence_epoch = ++space.epoch;
    self.fence_vcpus = vcpus;
    for (std::uint64_t i = 0; i < nucleus.hart_count; ++i)
        if (nucleus.harts[i] != &self && concerned(*nucleus.harts[i], space, space.epoch, vcpus))
            interrupt_hart(*nucleus.harts[i]);
}

void end_fence(Hart& self) {
    if (self.fencing && fenced(self, *self.fencing, self.fence_epoch, self.fence_vcpus))
        self.fencing = nullptr;
}

void report_fences(const Hart& self) {
    for (std::uint64_t i = 0; i < nucleus.hart_count; ++i) {
        const Hart& hart = *nucleus.harts[i];
        if (&hart != &self && hart.fencing && fenced(hart, *hart.fencing, hart.fence_epoch, hart.fence_vcpus))
            interrupt_hart(hart);
    }
}
