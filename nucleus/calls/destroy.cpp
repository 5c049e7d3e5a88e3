// SPDX-License-Identifier: Apache-2.0
// Ending things, and giving back what they hold.
#include "nucleus/calls/request.hpp"

namespace calls {

namespace {

/// Whether some other hart still has anything of `process`, or of `guest` if that is given, loaded. Tells it to let go,
/// and has this hart wait for that before its program calls again.
bool held(Process& process, const Guest* guest) {
    bool any = false;
    Space* loaded = nullptr;
    for (std::uint64_t i = 0; i < nucleus.hart_count; ++i) {
        Hart& hart = *nucleus.harts[i];
        Guest* its_guest = hart.vcpu ? hart.vcpu->guest : nullptr;
        const bool has_process =
            !guest && (hart.process == &process || (hart.current && hart.current->process == &process));
        const bool has_guest =
            its_guest && (guest ? its_guest == guest && &hart != &this_hart() : its_guest->process == &process);
        const bool fences = hart.fencing == (guest ? &guest->space : &process.space);
        if (has_process || has_guest)
            loaded = has_process ? &process.space : &its_guest->space;
        any |= has_process || has_guest || fences;
        if ((has_process || has_guest) && &hart != &this_hart())
            interrupt_hart(hart);
    }
    if (loaded)
        fence(this_hart(), *loaded);
    return any;
}

/// One bounded step of ending a guest: its vCPUs leave their harts and the monitor's space, then all its pages go back.
Answer destroy_guest(Guest& guest) {
    constexpr unsigned pages_at_once = 64;
    Process& process = *guest.process;
    if (!guest.dying) {
        guest.dying = true;
        for (Vcpu* vcpu : std::span{guest.vcpus}.first(guest.vcpu_count)) {
            TableMemory tables{nucleus.pool, process.space.account};
            (void)process.space.table.protect(tables, vcpu->page_address, 1, 0); // a hole there is as good
        }
        if (guest.vcpu_count != 0)
            fence(this_hart(), process.space);
    }
    for (Vcpu* vcpu : std::span{guest.vcpus}.first(guest.vcpu_count)) {
        if (vcpu->hart == &this_hart())
            evict(*vcpu);
        Thread* thread = vcpu->thread;
        if (thread && (thread->hart->current != thread || thread->hart == &this_hart()))
            unbind(*thread);
    }
    if (held(process, &guest) || !fenced(this_hart(), process.space, process.space.epoch))
        return std::unexpected{Error::Again};
    if (!nucleus.pool.release_all(guest.space.account, pages_at_once))
        return std::unexpected{Error::Again};
    nucleus.pool.release(process.space.account, &guest);
    return 0;
}

void destroy_event(Event& event) {
    while (Thread* waiter = event.waiters.front())
        wake(*waiter, std::unexpected{Error::BadHandle});
    nucleus.pool.release(event.process->space.account, &event);
}

/// One bounded step of ending a process, children first; recursion ends at Process::depth_limit.
Answer destroy_process(Process& process, const Thread& thread) {
    constexpr unsigned pages_at_once = 64;
    Account& account = process.space.account;
    end(process, abi::ProcessState::Exited, 0, 0, thread.registers);
    Answer step = std::unexpected{Error::Again};
    if (held(process, nullptr))
        return step;
    if (auto* child = nucleus.pool.next<Process>(account, nullptr))
        step = destroy_process(*child, thread);
    else if (auto* guest = nucleus.pool.next<Guest>(account, nullptr))
        step = destroy_guest(*guest);
    else if (auto* event = nucleus.pool.next<Event>(account, nullptr))
        destroy_event(*event);
    else if (auto* last = nucleus.pool.next<Thread>(account, nullptr))
        release(*last);
    else if (nucleus.pool.release_all(account, pages_at_once)) {
        Account& payer = process.parent->space.account;
        payer.left += account.left;
        nucleus.pool.release(payer, &process);
        return 0;
    }
    return std::unexpected{Error::Again};
}

}

Answer destroy(const Request& request) {
    if (const auto guest = request.object<Guest>(0))
        return destroy_guest(**guest);
    if (const auto event = request.object<Event>(0)) {
        if ((*event)->process != &request.process)
            return std::unexpected{Error::BadRights};
        destroy_event(**event);
        return 0;
    }
    if (const auto found = request.object<Thread>(0)) {
        Thread& thread = **found;
        thread.dead = true;
        if (thread.hart->current != &thread)
            release(thread);
        else if (thread.hart != &this_hart())
            interrupt_hart(*thread.hart);
        return 0;
    }
    const auto process = request.object<Process>(0);
    if (!process)
        return std::unexpected{process.error()};
    if (!(*process)->parent || *process == &request.process)
        return std::unexpected{Error::BadArgument};
    return destroy_process(**process, request.thread);
}

}
