// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "nucleus/scheduler.hpp"

/// The system calls (abi::Call says what each does). Every one is called with the lock held, checks what it is given
/// before it changes anything, and cannot reach a panic. The hart settles afterwards.
namespace calls {

using abi::Error;
using abi::Handle;
using abi::Kind;
using abi::Rights;
using Answer = abi::Result<std::uint64_t>;

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
    /// A handle of the caller for a new object.
    template <class Object>
    Answer name(const Object& object) const {
        return process.handles->add(
            {Object::kind, Rights::All, reinterpret_cast<std::uint64_t>(&object), nucleus.pool.serial(&object)});
    }
    /// A new object on an account; null if its quota is used up.
    template <class Object>
    static Object* make(Account& account) {
        return static_cast<Object*>(nucleus.pool.allocate(account, Object::kind));
    }
};

/// Whether `pages` from `address` on are whole pages below `limit`.
inline bool inside(std::uint64_t limit, std::uint64_t address, std::uint64_t pages) {
    return aligned(address, page_bytes) && address < limit && pages != 0 && pages <= (limit - address) / page_bytes;
}
inline constexpr std::uint64_t program_limit = std::uint64_t{1} << 38; ///< the lower half of Sv39

Answer handle_close(const Request& request);
Answer handle_grant(const Request& request, Process& to);
Answer range_split(const Request& request);
Answer range_info(const Request& request);
Answer process_create(const Request& request);
Answer process_report(const Request& request, Process& process);
Answer process_exit(const Request& request);
Answer thread_create(const Request& request, Process& process);
Answer thread_exit(const Request& request);
Answer thread_move(const Request& request, Thread& thread);
Answer map(const Request& request);
Answer protect(const Request& request);
Answer guest_create(const Request& request);
Answer vcpu_create(const Request& request, Guest& guest);
Answer vcpu_resume(const Request& request, Vcpu& vcpu);
Answer vcpu_wait(const Request& request, Vcpu& vcpu);
Answer vcpu_interrupt(const Request& request, Vcpu& vcpu);
Answer vcpu_kick(const Request& request, Vcpu& vcpu);
Answer vcpu_read(const Request& request, Vcpu& vcpu);
Answer vcpu_write(const Request& request, Vcpu& vcpu);
Answer vcpu_use_file(const Request& request, Vcpu& vcpu);
Answer destroy(const Request& request);
Answer event_create(const Request& request);
Answer event_signal(const Request& request);
Answer event_wait(const Request& request, Event& event);
Answer interrupt_bind(const Request& request);
Answer interrupt_acknowledge(const Request& request);

}
