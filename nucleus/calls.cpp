// SPDX-License-Identifier: Apache-2.0
// Which system call is which, and those that change nothing and need no lock.
#include "nucleus/calls.hpp"

#include <cstring>

#include "nucleus/calls/request.hpp"

namespace calls {

namespace {

/// A handler whose first argument names the object that it is about.
template <class Object, Answer (*handler)(const Request&, Object&), Rights needed = Rights::Control>
Answer on(const Request& request) {
    const auto object = request.object<Object>(0, needed);
    if (!object)
        return std::unexpected{object.error()};
    return handler(request, **object);
}

Answer reset_machine(const Request& request) {
    if (const auto system = request.range(0, Kind::System, Rights::Reset); !system)
        return std::unexpected{system.error()};
    if (request[1] > 2)
        return std::unexpected{Error::BadArgument};
    reset(request[1]);
}

/// A system call: who answers it (null: it needs no lock), and whether it leaves alone who runs and who waits.
struct Entry {
    Answer (*handler)(const Request&);
    bool quiet = false;
};
constexpr bool quiet = true;

/// By abi::Call.
constexpr std::array<Entry, static_cast<std::size_t>(abi::Call::Count)> entries = {{
    {on<Vcpu, vcpu_resume>},
    {handle_close, quiet},
    {on<Process, handle_grant>, quiet},
    {range_split, quiet},
    {range_info, quiet},
    {process_create, quiet},
    {on<Process, process_report>, quiet},
    {process_exit},
    {on<Process, thread_create>},
    {thread_exit},
    {on<Thread, thread_move>},
    {guest_create, quiet},
    {map, quiet},
    {protect, quiet},
    {destroy},
    {on<Guest, vcpu_create>, quiet},
    {on<Vcpu, vcpu_interrupt>},
    {on<Vcpu, vcpu_kick>},
    {on<Vcpu, vcpu_read>},
    {on<Vcpu, vcpu_write>},
    {event_create, quiet},
    {event_signal},
    {on<Event, event_wait, Rights::Wait>},
    {interrupt_bind},
    {interrupt_acknowledge, quiet},
    {nullptr},
    {nullptr},
    {reset_machine},
    {nullptr},
    {on<Vcpu, vcpu_wait>},
    {on<Vcpu, vcpu_use_file>},
}};

Answer log(const Thread& thread) {
    const std::uint64_t* x = thread.registers.x;
    if (const auto system = thread.process->handles->find(x[10], Kind::System, Rights::Log); !system)
        return std::unexpected{system.error()};
    if (x[11] > abi::log_bytes)
        return std::unexpected{Error::BadArgument};
    char text[abi::log_bytes];
    std::memcpy(text, &x[18], sizeof text);
    const Locked locked{nucleus.console_lock};
    print({text, x[11]});
    return 0;
}

Answer system_info(abi::SystemFact fact) {
    switch (fact) {
    case abi::SystemFact::Harts: return nucleus.hart_count;
    case abi::SystemFact::TimebaseHertz: return nucleus.timebase_hertz;
    case abi::SystemFact::Features: return nucleus.features;
    case abi::SystemFact::PoolPages: return nucleus.pool.pages();
    case abi::SystemFact::CurrentHart: return this_hart().number;
    case abi::SystemFact::Henvcfg: return nucleus.henvcfg;
    case abi::SystemFact::VectorBytes: return nucleus.vector_bytes;
    case abi::SystemFact::DeviceTreeOffset: return nucleus.tree_offset;
    case abi::SystemFact::Cycle: return cycles();
    case abi::SystemFact::Instret: return instructions();
    case abi::SystemFact::MessageIdentities: return nucleus.identities;
    case abi::SystemFact::Count: break;
    }
    return std::unexpected{Error::BadArgument};
}

}

}

bool call_without_lock(Thread& thread) {
    abi::Registers& registers = thread.registers;
    switch (static_cast<abi::Call>(registers.x[17])) {
    case abi::Call::Time: answer(thread, now()); return true;
    case abi::Call::Log: answer(thread, calls::log(thread)); return true;
    case abi::Call::SystemInfo:
        answer(thread, calls::system_info(static_cast<abi::SystemFact>(registers.x[10])));
        return true;
    default: return false;
    }
}

void call_with_lock(Hart& hart, Thread& thread) {
    const std::uint64_t number = thread.registers.x[17];
    if (number >= calls::entries.size() || !calls::entries[number].handler)
        return answer(thread, std::unexpected{abi::Error::BadCall});
    const calls::Entry& entry = calls::entries[number];
    const auto result = entry.handler({thread, *thread.process, &thread.registers.x[10]});
    if (thread.wait == Wait::None)
        answer(thread, result);
    if (!entry.quiet)
        settle(hart);
    else if (hart.fencing) {
        settle_spaces(hart);
        end_fence(hart);
    }
}
