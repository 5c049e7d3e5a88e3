// SPDX-License-Identifier: Apache-2.0
// The system calls. Each checks what it is given before it changes anything; none can reach a panic.
#include "nucleus/calls.hpp"

#include <algorithm>
#include <cstring>

#include "nucleus/riscv/guest.hpp"
#include "nucleus/scheduler.hpp"

namespace {

using abi::Error;
using abi::Handle;
using abi::Kind;
using abi::Rights;
using Answer = abi::Result<std::uint64_t>;

constexpr std::uint64_t program_limit = std::uint64_t{1} << 38; // the lower half of Sv39

/// A system call as it came: its caller, and a0 to a5.
struct Request {
    Thread& thread;
    Process& process;
    const std::uint64_t* arguments;

    std::uint64_t operator[](std::size_t index) const { return arguments[index]; }
    Account& account() const { return process.space.account; }
    Hart& hart() const { return *thread.hart; }

    /// The object that an argument names, if it is there and may be used so.
    template <class Object>
    abi::Result<Object*> object(std::size_t index, Rights needed = Rights::Control) const {
        const auto found = process.handles->find(arguments[index], Object::kind, needed);
        if (!found)
            return std::unexpected{found.error()};
        auto* object = reinterpret_cast<Object*>(found->value);
        if (nucleus.pool.serial(object) != found->extent)
            return std::unexpected{Error::BadHandle};
        return object;
    }
    /// A range of memory or lines.
    abi::Result<Capability> range(std::size_t index, Kind kind, Rights needed) const {
        return process.handles->find(arguments[index], kind, needed);
    }
    /// The event and bits of two arguments that follow each other.
    abi::Result<Signal> signal(std::size_t index) const {
        const auto event = object<Event>(index, Rights::Signal);
        if (!event)
            return std::unexpected{event.error()};
        return Signal{*event, nucleus.pool.serial(*event), arguments[index + 1]};
    }
};

/// A handle of the caller for a new object; without room for one there is no object either.
template <class Object>
Answer name(const Request& request, Object* object) {
    const auto handle = request.process.handles->add(
        {Object::kind, Rights::All, reinterpret_cast<std::uint64_t>(object), nucleus.pool.serial(object)});
    if (!handle)
        nucleus.pool.release(request.account(), object);
    return handle;
}

/// Makes an object of the caller's quota.
template <class Object>
Object* make(const Request& request) {
    return static_cast<Object*>(nucleus.pool.allocate(request.account(), Object::kind));
}

Answer handle_close(const Request& request) {
    if (const auto found = request.range(0, Kind::None, Rights::None); !found)
        return std::unexpected{found.error()};
    request.process.handles->close(request[0]);
    return 0;
}

Answer handle_grant(const Request& request) {
    const auto process = request.object<Process>(0);
    auto given = request.range(1, Kind::None, Rights::Grant);
    if (!process || !given)
        return std::unexpected{process ? given.error() : process.error()};
    given->rights = given->rights & request[2];
    return (*process)->handles->add(*given);
}

/// A Memory or Interrupt handle: the kinds whose handles are the range itself.
abi::Result<Capability> any_range(const Request& request) {
    const auto found = request.range(0, Kind::None, Rights::None);
    if (found && found->kind != static_cast<std::uint64_t>(Kind::Memory) &&
        found->kind != static_cast<std::uint64_t>(Kind::Interrupt))
        return std::unexpected{Error::BadHandle};
    return found;
}

Answer range_split(const Request& request) {
    auto part = any_range(request);
    if (!part)
        return std::unexpected{part.error()};
    if (request[1] >= part->extent || request[2] == 0 || request[2] > part->extent - request[1])
        return std::unexpected{Error::BadArgument};
    part->value += request[1];
    part->extent = request[2] & 0xffff'ffff'ffff;
    return request.process.handles->add(*part);
}

Answer range_info(const Request& request) {
    const auto found = any_range(request);
    if (!found)
        return std::unexpected{found.error()};
    switch (request[1]) {
    case 0: return found->value;
    case 1: return found->extent;
    case 2: return found->kind;
    default: return std::unexpected{Error::BadArgument};
    }
}

Answer process_create(const Request& request) {
    const auto death = request.signal(1);
    if (!death)
        return std::unexpected{death.error()};
    const std::uint64_t harts = request[3] & request.process.harts;
    if (harts == 0 || harts != request[3])
        return std::unexpected{Error::BadArgument};
    Account& account = request.account();
    if (request[0] < process_pages || request[0] >= account.left)
        return std::unexpected{Error::OutOfQuota};
    auto* process = make<Process>(request);
    const auto handle = name(request, process);
    if (!handle)
        return handle;
    set_up(*process, account, request[0], harts);
    process->parent = &request.process;
    process->death = *death;
    return handle;
}

Answer process_report(const Request& request) {
    const auto found = request.object<Process>(0);
    if (!found)
        return std::unexpected{found.error()};
    const Process& process = **found;
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

/// The hart and the urgency that two arguments ask for, within what the process and the caller may.
abi::Result<std::uint8_t> check_schedule(const Request& request, const Process& process, std::uint64_t hart,
                                         std::uint64_t priority) {
    if (hart >= nucleus.hart_count || (process.harts >> hart & 1) == 0)
        return std::unexpected{Error::BadArgument};
    if (priority > 255u - request.thread.urgency)
        return std::unexpected{Error::BadRights};
    return static_cast<std::uint8_t>(255 - priority);
}

Answer thread_create(const Request& request) {
    const auto process = request.object<Process>(0);
    if (!process)
        return std::unexpected{process.error()};
    const std::uint64_t hart = request[4] == ~std::uint64_t{0} ? request.hart().number : request[4];
    const auto urgency = check_schedule(request, **process, hart, request[5]);
    if (!urgency)
        return std::unexpected{urgency.error()};
    if ((*process)->state != abi::ProcessState::Alive)
        return std::unexpected{Error::BadHandle};
    auto* thread =
        static_cast<Thread*>(nucleus.pool.allocate((*process)->space.account, Kind::Thread));
    if (!thread)
        return std::unexpected{Error::OutOfQuota};
    const auto handle = request.process.handles->add(
        {Kind::Thread, Rights::All, reinterpret_cast<std::uint64_t>(thread), nucleus.pool.serial(thread)});
    if (!handle) {
        nucleus.pool.release((*process)->space.account, thread);
        return handle;
    }
    set_up(*thread, **process, *nucleus.harts[hart], *urgency);
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

Answer thread_move(const Request& request) {
    const auto found = request.object<Thread>(0);
    if (!found)
        return std::unexpected{found.error()};
    Thread& thread = **found;
    const auto urgency = check_schedule(request, *thread.process, request[1], request[2]);
    if (!urgency)
        return std::unexpected{urgency.error()};
    Hart& from = *thread.hart;
    const bool ready = from.ready.remove(thread);
    thread.urgency = *urgency;
    thread.hart = nucleus.harts[request[1]];
    if (thread.timer.hart)
        arm(thread.timer, *thread.hart, thread.timer.deadline);
    if (thread.vcpu && thread.vcpu->timer.hart)
        arm(thread.vcpu->timer, *thread.hart, thread.vcpu->timer.deadline);
    if (ready)
        make_ready(thread);
    if (&from != &this_hart())
        interrupt_hart(from); // which may run it, or still hold its guest
    return 0;
}

Answer guest_create(const Request& request) {
    const auto flags = static_cast<abi::GuestFlags>(request[0]);
    if (request[0] > 3)
        return std::unexpected{Error::BadArgument};
    auto* guest = make<Guest>(request);
    if (!guest)
        return std::unexpected{Error::OutOfQuota};
    guest->flags = flags;
    guest->process = &request.process;
    guest->space.account.payer = &request.account();
    const bool wide = guest->has(abi::GuestFlags::Wide);
    const void* root = nucleus.pool.allocate(guest->space.account, Kind::None, 4);
    if (!root || (wide && !nucleus.has(abi::SystemFeature::Sv48x4))) {
        nucleus.pool.release_all(guest->space.account, 1);
        nucleus.pool.release(request.account(), guest);
        return std::unexpected{root ? Error::Unsupported : Error::OutOfQuota};
    }
    guest->space.table = {nucleus.pool.physical(root), {wide ? 4u : 3u, 11}};
    guest->time_delta = 0 - now();
    const auto handle = request.process.handles->add(
        {Kind::Guest, Rights::All, reinterpret_cast<std::uint64_t>(guest), nucleus.pool.serial(guest)});
    if (!handle) {
        nucleus.pool.release_all(guest->space.account, 1);
        nucleus.pool.release(request.account(), guest);
    }
    return handle;
}

/// A space to map into, with the flags that all of its pages get and the end of its addresses.
struct Target {
    Space* space;
    bool guest;
    std::uint64_t limit;
};

abi::Result<Target> target(const Request& request) {
    if (const auto guest = request.object<Guest>(0)) {
        if ((*guest)->dying)
            return std::unexpected{Error::BadHandle};
        return Target{&(*guest)->space, true, (*guest)->space.table.shape().limit()};
    }
    const auto process = request.object<Process>(0);
    if (!process)
        return std::unexpected{process.error()};
    return Target{&(*process)->space, false, program_limit};
}

/// Page-table flags for `rights`; nothing if they are none that a page can have.
std::optional<std::uint64_t> page_flags(const Target& target, std::uint64_t rights) {
    const bool write = (rights & 2) != 0, execute = (rights & 4) != 0;
    if (rights > 7 || (write && (rights & 1) == 0)) // write without read is reserved (norm:sv39_pte)
        return {};
    if (write && execute && !target.guest) // programs are not to change their code
        return {};
    return rights == 0 ? 0 : rights << 1 | pte::user;
}

bool inside(const Target& target, std::uint64_t address, std::uint64_t pages) {
    return aligned(address, page_bytes) && address < target.limit && pages != 0 &&
           pages <= (target.limit - address) / page_bytes;
}

Answer map(const Request& request) {
    const auto to = target(request);
    if (!to)
        return std::unexpected{to.error()};
    const auto flags = page_flags(*to, request[5]);
    const auto memory = request.range(1, Kind::Memory, static_cast<Rights>(request[5] & 7));
    if (!memory)
        return std::unexpected{memory.error()};
    if (!flags || *flags == 0 || !inside(*to, request[3], request[4]) || request[2] >= memory->extent ||
        request[4] > memory->extent - request[2])
        return std::unexpected{Error::BadArgument};
    TableMemory tables{nucleus.pool, to->space->account};
    const HostPhysical first{(memory->value + request[2]) * page_bytes};
    const auto done = to->space->table.map(tables, request[3], first, request[4], *flags);
    if (!to->guest) // a guest's fault on a page that has just come is taken again; a program's would end it
        fence(this_hart(), *to->space);
    return done;
}

Answer protect(const Request& request) {
    const auto to = target(request);
    if (!to)
        return std::unexpected{to.error()};
    const auto flags = page_flags(*to, request[3]);
    if (!flags || !inside(*to, request[1], request[2]))
        return std::unexpected{Error::BadArgument};
    TableMemory tables{nucleus.pool, to->space->account};
    const auto done = to->space->table.protect(tables, request[1], request[2], *flags);
    fence(this_hart(), *to->space);
    return done;
}

/// Whether some other hart still has anything of `process`, or of `guest` if that is given, loaded; tells it to let go.
bool held(const Process& process, const Guest* guest) {
    bool any = false;
    for (std::uint64_t i = 0; i < nucleus.hart_count; ++i) {
        Hart& hart = *nucleus.harts[i];
        const bool holds = guest ? hart.fencing == &guest->space ||
                                       (hart.vcpu && hart.vcpu->guest == guest && &hart != &this_hart())
                                 : hart.process == &process || (hart.current && hart.current->process == &process) ||
                                       (hart.vcpu && hart.vcpu->guest->process == &process) ||
                                       hart.fencing == &process.space;
        if (holds && &hart != &this_hart())
            interrupt_hart(hart);
        any |= holds;
    }
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
            unload(*vcpu);
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

/// One bounded step of ending a process, children first.
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

Answer vcpu_create(const Request& request) {
    const auto found = request.object<Guest>(0);
    if (!found)
        return std::unexpected{found.error()};
    Guest& guest = **found;
    if (guest.dying || guest.process != &request.process)
        return std::unexpected{Error::BadHandle};
    if (guest.vcpu_count == Guest::vcpu_limit || !inside({nullptr, false, program_limit}, request[1], 1))
        return std::unexpected{Error::BadArgument};
    if (request.account().left < 2)
        return std::unexpected{Error::OutOfQuota};
    auto* vcpu = static_cast<Vcpu*>(nucleus.pool.allocate(guest.space.account, Kind::Vcpu));
    void* page = nucleus.pool.allocate(guest.space.account);
    TableMemory tables{nucleus.pool, request.account()};
    const auto mapped = request.process.space.table.map(tables, request[1], nucleus.pool.physical(page), 1,
                                                        pte::read | pte::write | pte::user);
    const auto handle = !mapped ? mapped : request.process.handles->add(
        {Kind::Vcpu, Rights::All, reinterpret_cast<std::uint64_t>(vcpu), nucleus.pool.serial(vcpu)});
    if (!handle) {
        if (mapped)
            (void)request.process.space.table.protect(tables, request[1], 1, 0);
        nucleus.pool.release(guest.space.account, page);
        nucleus.pool.release(guest.space.account, vcpu);
        return handle;
    }
    set_up(*vcpu, guest, *static_cast<abi::VcpuPage*>(page), request[1]);
    fence(this_hart(), request.process.space);
    return handle;
}

Answer vcpu_resume(const Request& request) {
    const auto found = request.object<Vcpu>(0);
    if (!found)
        return std::unexpected{found.error()};
    Vcpu& vcpu = **found;
    Thread& thread = request.thread;
    if (vcpu.guest->process != &request.process || vcpu.guest->dying)
        return std::unexpected{Error::BadHandle};
    if (vcpu.thread && vcpu.thread != &thread)
        return std::unexpected{Error::Busy};
    if (thread.vcpu != &vcpu)
        unbind(thread);
    thread.vcpu = &vcpu;
    vcpu.thread = &thread;
    thread.resumable = request[0];
    thread.active = &vcpu.page->registers;
    return 0;
}

Answer vcpu_interrupt(const Request& request) {
    const auto vcpu = request.object<Vcpu>(0);
    if (!vcpu)
        return std::unexpected{vcpu.error()};
    if (((request[1] | request[2]) & ~abi::hvip::all) != 0)
        return std::unexpected{Error::BadArgument};
    interrupt(**vcpu, request[1], request[2]);
    return 0;
}

Answer vcpu_kick(const Request& request) {
    const auto vcpu = request.object<Vcpu>(0);
    if (!vcpu)
        return std::unexpected{vcpu.error()};
    (*vcpu)->kicked = true;
    if ((*vcpu)->thread)
        (*vcpu)->thread->resumable = 0;
    interrupt(**vcpu, 0, 0);
    return 0;
}

/// A vCPU whose registers can be read and written: it runs nowhere, and what a hart had of it is saved.
abi::Result<Vcpu*> stopped_vcpu(const Request& request) {
    const auto vcpu = request.object<Vcpu>(0);
    if (!vcpu)
        return vcpu;
    if (request[1] >= static_cast<std::uint64_t>(abi::VcpuRegister::Count))
        return std::unexpected{Error::BadArgument};
    if (Hart* hart = (*vcpu)->hart) {
        if (hart != &this_hart())
            return std::unexpected{Error::Busy};
        unload(**vcpu);
    }
    return vcpu;
}

Answer vcpu_read(const Request& request) {
    const auto vcpu = stopped_vcpu(request);
    if (!vcpu)
        return std::unexpected{vcpu.error()};
    if (request[1] == static_cast<std::uint64_t>(abi::VcpuRegister::Supervisor))
        return (*vcpu)->sstatus >> 8 & 1;
    return (*vcpu)->registers[request[1]];
}

Answer vcpu_write(const Request& request) {
    const auto found = stopped_vcpu(request);
    if (!found)
        return std::unexpected{found.error()};
    Vcpu& vcpu = **found;
    const auto which = static_cast<abi::VcpuRegister>(request[1]);
    if (which == abi::VcpuRegister::Supervisor)
        vcpu.sstatus = (vcpu.sstatus & ~std::uint64_t{1 << 8}) | (request[2] & 1) << 8;
    else
        vcpu.state(which) = which == abi::VcpuRegister::Hvip ? request[2] & abi::hvip::all : request[2];
    return 0;
}

Answer event_create(const Request& request) {
    auto* event = make<Event>(request);
    if (!event)
        return std::unexpected{Error::OutOfQuota};
    event->process = &request.process;
    return name(request, event);
}

Answer event_signal(const Request& request) {
    const auto signal = request.signal(0);
    if (!signal)
        return std::unexpected{signal.error()};
    raise(*signal);
    return 0;
}

Answer event_wait(const Request& request) {
    const auto found = request.object<Event>(0, Rights::Wait);
    if (!found)
        return std::unexpected{found.error()};
    Event& event = **found;
    Thread& thread = request.thread;
    if (const std::uint64_t seen = event.signals & request[1]) {
        event.signals &= ~seen;
        return seen;
    }
    if (request[2] <= now())
        return std::unexpected{Error::TimedOut};
    thread.event = &event;
    thread.wanted = request[1];
    event.waiters.insert(thread);
    thread.timer.thread = &thread;
    arm(thread.timer, request.hart(), request[2]);
    block(thread, Wait::Event);
    return 0;
}

/// The host's number of the line that a handle and an index name.
Answer line(const Request& request) {
    const auto lines = request.range(0, Kind::Interrupt, Rights::Control);
    if (!lines)
        return std::unexpected{lines.error()};
    if (request[1] >= lines->extent)
        return std::unexpected{Error::BadArgument};
    return lines->value + request[1];
}

Answer interrupt_bind(const Request& request) {
    const auto number = line(request);
    const auto signal = request.signal(2);
    if (!number || !signal)
        return std::unexpected{number ? signal.error() : number.error()};
    const auto hart = static_cast<std::uint8_t>(request.hart().number);
    nucleus.plic.enable(nucleus.line_harts[*number], static_cast<std::uint32_t>(*number), false);
    nucleus.lines[*number] = *signal;
    nucleus.line_harts[*number] = hart;
    nucleus.plic.enable(hart, static_cast<std::uint32_t>(*number), true);
    return 0;
}

Answer interrupt_acknowledge(const Request& request) {
    const auto number = line(request);
    if (number)
        nucleus.plic.complete(nucleus.line_harts[*number], static_cast<std::uint32_t>(*number));
    return number;
}

Answer reset_machine(const Request& request) {
    if (const auto system = request.range(0, Kind::System, Rights::Reset); !system)
        return std::unexpected{system.error()};
    if (request[1] > 2)
        return std::unexpected{Error::BadArgument};
    reset(request[1]);
}

using Handler = Answer (*)(const Request&);

/// By abi::Call; null: answered without the lock.
constexpr std::array<Handler, static_cast<std::size_t>(abi::Call::Count)> handlers = {
    vcpu_resume,    handle_close,  handle_grant,   range_split,    range_info,    process_create,
    process_report, process_exit,  thread_create,  thread_exit,    thread_move,   guest_create,
    map,            protect,       destroy,        vcpu_create,    vcpu_interrupt, vcpu_kick,
    vcpu_read,      vcpu_write,    event_create,   event_signal,   event_wait,    interrupt_bind,
    interrupt_acknowledge, nullptr, nullptr,       reset_machine,  nullptr,
};

Answer log(const Thread& thread) {
    const std::uint64_t* x = thread.registers.x;
    if (const auto system = thread.process->handles->find(x[10], Kind::System, Rights::Log); !system)
        return std::unexpected{system.error()};
    if (x[11] > abi::log_bytes)
        return std::unexpected{Error::BadArgument};
    char text[abi::log_bytes];
    std::memcpy(text, &x[18], sizeof text);
    print({text, x[11]});
    return 0;
}

Answer system_info(std::uint64_t fact) {
    switch (static_cast<abi::SystemFact>(fact)) {
    case abi::SystemFact::Harts: return nucleus.hart_count;
    case abi::SystemFact::TimebaseHertz: return nucleus.timebase_hertz;
    case abi::SystemFact::Features: return nucleus.features;
    case abi::SystemFact::PoolPages: return nucleus.pool.pages();
    case abi::SystemFact::CurrentHart: return this_hart().number;
    case abi::SystemFact::Henvcfg: return nucleus.henvcfg;
    case abi::SystemFact::VectorBytes: return nucleus.vector_bytes;
    case abi::SystemFact::Count: break;
    }
    return std::unexpected{Error::BadArgument};
}

}

bool call_without_lock(Thread& thread) {
    abi::Registers& registers = thread.registers;
    switch (static_cast<abi::Call>(registers.x[17])) {
    case abi::Call::VcpuResume:
        if (registers.x[10] != thread.resumable || thread.resumable == 0)
            return false;
        resume_guest(thread);
        return true;
    case abi::Call::Time: answer(thread, now()); return true;
    case abi::Call::Log: answer(thread, log(thread)); return true;
    case abi::Call::SystemInfo: answer(thread, system_info(registers.x[10])); return true;
    default: return false;
    }
}

void call_with_lock(Thread& thread) {
    const std::uint64_t number = thread.registers.x[17];
    if (number >= handlers.size() || !handlers[number])
        return answer(thread, std::unexpected{Error::BadCall});
    const auto result = handlers[number]({thread, *thread.process, &thread.registers.x[10]});
    if (thread.wait == Wait::None)
        answer(thread, result);
}
