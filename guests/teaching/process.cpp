// SPDX-License-Identifier: Apache-2.0
#include "guests/teaching/process.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "guests/teaching/console.hpp"

extern "C" const std::byte user_image[], user_image_end[]; // start.S

namespace {

constexpr std::uint64_t turn_ticks = 10 * ticks_per_millisecond;
constexpr std::uint64_t stack_pages = 4;
constexpr unsigned sp = 2, a0 = 10, a1 = 11;

/// What the programs' image begins with (user.ld): up to `data` nobody writes.
struct ProgramHeader {
    std::uint64_t data, end, entry;
};

constinit std::array<Process, 8> table{};
constinit std::uint64_t last_id = 0;

/// The image from its first page on, the stack below the end of the space, and the command on top of the stack.
bool fill(Process& process, std::string_view command) {
    const std::span image{user_image, user_image_end};
    ProgramHeader header;
    std::memcpy(&header, image.data(), sizeof header);
    AddressSpace& memory = process.memory;
    if (!memory.create())
        return false;
    for (std::uint64_t at = 0; user_first + at < header.end; at += page_bytes)
        if (!memory.add_page(user_first + at, user_first + at < header.data ? Access::Code : Access::Data,
                             image.subspan(std::min(at, image.size()))))
            return false;
    for (std::uint64_t page = 1; page <= stack_pages; ++page)
        if (!memory.add_page(user_end - page * page_bytes, Access::Data))
            return false;
    constexpr std::uint64_t top = (user_end - command_limit) & ~std::uint64_t{15}; // as the ABI aligns stacks
    process.context.pc = header.entry;
    process.context.x[sp] = process.context.x[a0] = top;
    process.context.x[a1] = command.size();
    return memory.write(top, std::as_bytes(std::span{command}));
}

/// The next one after `last` that is ready, so that each has its turn; sleeps until there is one. Nothing, once the
/// first process has ended.
Process* next_process(const Process* last) {
    while (table[0].state != ProcessState::None) {
        std::uint64_t earliest = ~std::uint64_t{0};
        for (std::size_t i = 1; i <= table.size(); ++i) {
            Process& process = table[(static_cast<std::size_t>(last - table.data()) + i) % table.size()];
            if (process.state == ProcessState::Asleep && process.wake_at <= now())
                process.state = ProcessState::Ready;
            if (process.state == ProcessState::Ready)
                return &process;
            if (process.state == ProcessState::Asleep)
                earliest = std::min(earliest, process.wake_at);
        }
        set_timer(earliest);
        asm volatile("wfi"); // ends with the timer's interrupt although that is not taken: sstatus.SIE is 0
    }
    return nullptr;
}

}

std::span<Process> processes() {
    return table;
}

std::int64_t start_process(std::string_view command, std::uint64_t parent) {
    const auto free = std::ranges::find(table, ProcessState::None, &Process::state);
    if (free == table.end() || command.size() > command_limit)
        return refused;
    *free = {};
    if (!fill(*free, command)) {
        free->memory.destroy();
        return refused;
    }
    std::ranges::copy(command, free->command);
    free->id = ++last_id;
    free->parent = parent;
    free->state = ProcessState::Ready;
    return static_cast<std::int64_t>(free->id);
}

void end_process(Process& process) {
    process.memory.destroy();
    process.state = ProcessState::None;
    for (Process& each : table)
        if (each.state == ProcessState::Waiting && each.id == process.parent)
            each.state = ProcessState::Ready; // and asks again
}

void run_processes() {
    constexpr AddressSpace no_process;
    constexpr std::uint64_t spp = 1 << 8, timer_interrupt = 1 << 5, time_readable = 1 << 1;
    asm volatile("csrc sstatus, %0" ::"r"(spp)); // sret goes to user mode, from now on
    asm volatile("csrw sie, %0" ::"r"(timer_interrupt));
    asm volatile("csrw scounteren, %0" ::"r"(time_readable));
    for (const Process* last = table.data(); Process* process = next_process(last); last = process) {
        set_timer(now() + turn_ticks);
        process->memory.activate();
        do
            enter(process->context);
        while (handle_trap(*process));
        no_process.activate(); // what has ended in this turn is given back
    }
}
