// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>

#include "guests/teaching/text.hpp"

/// System calls as programs like them.

inline std::int64_t call(SystemCall number, std::uint64_t first = 0, std::uint64_t second = 0, std::uint64_t third = 0,
                         std::uint64_t fourth = 0, std::uint64_t fifth = 0) {
    register std::uint64_t a0 asm("a0") = first;
    register std::uint64_t a1 asm("a1") = second;
    register std::uint64_t a2 asm("a2") = third;
    register std::uint64_t a3 asm("a3") = fourth;
    register std::uint64_t a4 asm("a4") = fifth;
    register std::uint64_t a7 asm("a7") = static_cast<std::uint64_t>(number);
    asm volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a7) : "memory");
    return static_cast<std::int64_t>(a0);
}

inline std::uint64_t address_of(const void* object) {
    return reinterpret_cast<std::uint64_t>(object);
}

inline void print(std::string_view text) {
    for (; !text.empty(); text.remove_prefix(std::min(text.size(), text_limit)))
        call(SystemCall::Print, address_of(text.data()), std::min(text.size(), text_limit));
}

inline char typed_character() {
    return static_cast<char>(call(SystemCall::GetCharacter));
}

/// The number of a new process that carries out `command`, or `refused`.
inline std::int64_t start(std::string_view command) {
    return call(SystemCall::Start, address_of(command.data()), command.size());
}

inline void wait_for(std::int64_t process) {
    call(SystemCall::Wait, static_cast<std::uint64_t>(process));
}

inline void sleep_until(std::uint64_t ticks) {
    call(SystemCall::Sleep, ticks);
}

[[noreturn]] inline void exit() {
    call(SystemCall::Exit);
    __builtin_unreachable();
}

/// The entry of that index in the kernel's list of processes or files.
template <class Info>
std::optional<Info> list(SystemCall number, std::uint64_t index) {
    Info info{};
    if (call(number, index, address_of(&info)) < 0)
        return {};
    return info;
}

/// A piece of a file; how many bytes, or `refused`.
inline std::int64_t read_file(std::string_view name, std::uint64_t offset, std::array<char, text_limit>& to) {
    return call(SystemCall::ReadFile, address_of(name.data()), name.size(), offset, address_of(to.data()), to.size());
}

inline std::int64_t write_file(std::string_view name, std::string_view content) {
    return call(SystemCall::WriteFile, address_of(name.data()), name.size(), address_of(content.data()),
                content.size());
}
