// SPDX-License-Identifier: Apache-2.0
// Processes and threads.
#include "nucleus/calls/request.hpp"

namespace calls {

namespace {

/// The hart and the urgency that two arguments ask for, within what the process and the caller may.
abi::Result<std::uint8_t> check_schedule(const Request& request, const Process& process, std::uint64_t hart,
                                         std::uint64_t priority) {
    if (hart >= nucleus.hart_count || (process.harts >> hart & 1) == 0)
        return std::unexpected{Error::BadArgument};
    if (priority > 255u - request.thread.urgency)
        return std::unexpected{Error::BadRights};
    return static_cast<std::uint8_t>(255 - priority);
}

}

Answer process_create(const Request& request) {
    const auto death = request.signal(1);
    if (!death)
        return std::unexpected{death.error()};
    const std::uint64_t harts = request[3] & request.process.harts;
    if (harts == 0 || harts != request[3] || request.process.depth == Process::depth_limit || request[4] > share_limit)
        return std::unexpected{Error::BadArgument};
    Account& account = request.account();
    if (request[0] < process_pages || request[0] >= account.left)
        return std::unexpected{Error::OutOfQuota};
    auto* process = Request::make<Process>(account);
    const auto handle = request.name(*process);
    if (!handle) {
        nucleus.pool.release(account, process);
        return handle;
    }
    set_up(*process, account, request[0], harts);
    process->parent = &request.process;
    process->depth = request.process.depth + 1;
    process->death = *death;
    if (request[4] != 0)
        process->share = request[4];
    return handle;
}

Answer process_report(const Request& request, Process& process) {
    const auto first = static_cast<std::uint64_t>(abi::ReportWord::Registers);
    switch (static_cast<abi::ReportWord>(request[1])) {
    case abi::ReportWord::State: return static_cast<std::uint64_t>(process.state);
    case abi::ReportWord::Cause: return process.cause;
    case abi::ReportWord::TrapValue: return process.trap_value;
    case abi::ReportWord::Pc: return process.registers.pc;
    case abi::ReportWord::PagesLeft: return process.space.account.left;
    default:
        if (request[1] < first || request[1] >= static_cast<std::uint64_t>(abi::ReportWord::Count))
            return std::unexpected{Error::BadArgument};
        return process.registers.x[request[1] - first];
    }
}

Answer process_exit(const Request& request) {
    end(request.process, abi::ProcessState::Exited, request[0], 0, request.thread.registers);
    return 0;
}

Answer thread_create(const Request& request, Process& process) {
    const std::uint64_t hart = request[4] == ~std::uint64_t{0} ? request.hart().number : request[4];
    const auto urgency = check_schedule(request, process, hart, request[5]);
    if (!urgency)
        return std::unexpected{urgency.error()};
    if (process.state != abi::ProcessState::Alive)
        return std::unexpected{Error::BadHandle};
    auto* thread = Request::make<Thread>(process.space.account);
    if (!thread)
        return std::unexpected{Error::OutOfQuota};
    const auto handle = request.name(*thread);
    if (!handle) {
        nucleus.pool.release(process.space.account, thread);
        return handle;
    }
    set_up(*thread, process, *nucleus.harts[hart], *urgency);
    thread->registers.pc = request[1];
    thread->registers.x[2] = request[2];
    thread->registers.x[10] = request[3];
    make_ready(*thread);
    return handle;
}

Answer thread_exit(const Request& request) {
    request.thread.dead = true;
    return 0;
}

Answer thread_move(const Request& request, Thread& thread) {
    const auto urgency = check_schedule(request, *thread.process, request[1], request[2]);
    if (!urgency)
        return std::unexpected{urgency.error()};
    Hart& from = *thread.hart;
    const bool ready = from.ready.remove(thread);
    thread.urgency = *urgency;
    thread.set_order();
    thread.hart = nucleus.harts[request[1]];
    if (thread.timer.hart)
        arm(thread.timer, *thread.hart, thread.timer.deadline);
    if (thread.vcpu && thread.vcpu->timer.hart)
        arm(thread.vcpu->timer, *thread.hart, thread.vcpu->timer.deadline);
    if (thread.wait == Wait::Unload)
        wake(thread, 0);
    else if (ready)
        make_ready(thread);
    if (&from != &this_hart())
        interrupt_hart(from); // which may run it, or still hold its guest
    return 0;
}

}
