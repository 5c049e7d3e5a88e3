// SPDX-License-Identifier: Apache-2.0
// Why a process came back to the kernel, and what is done about it.
#include <algorithm>
#include <array>

#include "guests/teaching/console.hpp"
#include "guests/teaching/files.hpp"
#include "guests/teaching/process.hpp"

namespace {

constexpr unsigned a0 = 10, a7 = 17;
constexpr std::uint64_t poll_ticks = 10 * ticks_per_millisecond;

/// A text of the process's, copied to `to`; nothing if it is too long or not the process's.
std::optional<std::string_view> take(const Process& process, std::uint64_t address, std::uint64_t bytes,
                                     std::array<char, text_limit>& to) {
    if (bytes > to.size() || !process.memory.read(address, std::as_writable_bytes(std::span{to}.first(bytes))))
        return {};
    return std::string_view{to.data(), bytes};
}

std::int64_t give(const Process& process, std::uint64_t address, const auto& object) {
    return process.memory.write(address, std::as_bytes(std::span{&object, 1})) ? 0 : refused;
}

/// A call that cannot be answered yet: the process is still at its ecall, and asks again when it goes on.
std::int64_t ask_again(Process& process, ProcessState state) {
    constexpr std::uint64_t ecall_bytes = 4;
    process.context.pc -= ecall_bytes;
    process.state = state;
    process.wake_at = now() + poll_ticks;
    return static_cast<std::int64_t>(process.context.x[a0]);
}

std::int64_t list_process(const Process& caller, std::uint64_t index, std::uint64_t to) {
    if (index >= processes().size())
        return refused;
    const Process& process = processes()[index];
    ProcessInfo info{process.id, process.state, {}, free_pages()};
    std::ranges::copy(process.command, info.command);
    return give(caller, to, info);
}

std::int64_t read_file(const Process& process, std::string_view name, std::uint64_t offset, std::uint64_t to,
                       std::uint64_t bytes) {
    std::array<std::byte, text_limit> content;
    const auto count = files::read(name, offset, std::span{content}.first(std::min(bytes, content.size())));
    if (!count || !process.memory.write(to, std::span{content}.first(*count)))
        return refused;
    return static_cast<std::int64_t>(*count);
}

/// What a0 is to become. The pc is behind the ecall already.
std::int64_t answer(Process& process, SystemCall call, std::span<const std::uint64_t, 5> with) {
    std::array<char, text_limit> buffer, content_buffer;
    using enum SystemCall;
    std::optional<std::string_view> text;
    if (call == Print || call == Start || call == ReadFile || call == WriteFile)
        if (!(text = take(process, with[0], with[1], buffer)))
            return refused;
    switch (call) {
    case Print: print(*text); return 0;
    case GetCharacter: {
        const std::int64_t character = typed_character();
        return character < 0 ? ask_again(process, ProcessState::Asleep) : character;
    }
    case Exit: end_process(process); return 0;
    case Sleep:
        process.wake_at = with[0];
        process.state = ProcessState::Asleep;
        return 0;
    case Start: return start_process(*text, process.id);
    case Wait:
        for (const Process& each : processes())
            if (each.state != ProcessState::None && each.id == with[0] && each.parent == process.id)
                return ask_again(process, ProcessState::Waiting);
        return 0;
    case ListProcess: return list_process(process, with[0], with[1]);
    case ListFile: {
        const auto info = files::list(with[0]);
        return info ? give(process, with[1], *info) : refused;
    }
    case ReadFile: return read_file(process, *text, with[2], with[3], with[4]);
    case WriteFile: {
        const auto content = take(process, with[2], with[3], content_buffer);
        return content && files::write(*text, *content) ? 0 : refused;
    }
    }
    return refused;
}

std::string_view describe(std::uint64_t cause) { // privileged manual, table of scause
    switch (cause) {
    case 2: return "illegal instruction";
    case 12: return "instruction page fault";
    case 13: return "load page fault";
    case 15: return "store page fault";
    default: return "exception";
    }
}

/// Whatever a program does wrong ends that program and nothing else.
void end_for_fault(Process& process, std::uint64_t cause, std::uint64_t value) {
    Text text;
    text << "process " << process.id << " (" << text_of(process.command) << ") ended: " << describe(cause) << " ";
    text.hex(value) << " at pc ";
    print(text.hex(process.context.pc) << "\n");
    end_process(process);
}

}

bool handle_trap(Process& process) {
    constexpr std::uint64_t interrupt = std::uint64_t{1} << 63, user_ecall = 8, ecall_bytes = 4;
    std::uint64_t cause, value;
    asm volatile("csrr %0, scause\n csrr %1, stval" : "=r"(cause), "=r"(value));
    if ((cause & interrupt) != 0)
        return false; // the timer, the only one that is on: its turn is over
    if (cause != user_ecall) {
        end_for_fault(process, cause, value);
        return false;
    }
    std::uint64_t(&x)[32] = process.context.x;
    process.context.pc += ecall_bytes;
    const auto result = answer(process, SystemCall{x[a7]}, std::span{x}.subspan<a0, 5>());
    x[a0] = static_cast<std::uint64_t>(result);
    return process.state == ProcessState::Ready;
}
