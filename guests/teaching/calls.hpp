// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

/// What the kernel and its programs agree on: an `ecall` with the call in a7 and its arguments from a0 on; the answer
/// is in a0, and negative if the call was refused. A text is two arguments: where it is, and its bytes.
enum class SystemCall : std::uint64_t {
    Print,        ///< (text)
    GetCharacter, ///< waits for one that is typed
    Exit,
    Sleep,       ///< (ticks) until the time counter is there; 0 lets the others go first
    Start,       ///< (text: a command) a new process, its number
    Wait,        ///< (process) until that child has ended
    ListProcess, ///< (index, ProcessInfo*) 0 or the index of no process
    ListFile,    ///< (index, FileInfo*)
    ReadFile,    ///< (text: a name, offset, to, bytes) how many; 0 at the end
    WriteFile,   ///< (text: a name, text: the new content)
};

inline constexpr std::int64_t refused = -1;

inline constexpr std::size_t text_limit = 512;    ///< bytes of a text, and those that one ReadFile reads
inline constexpr std::size_t command_limit = 120; ///< bytes of a command

enum class ProcessState : std::uint64_t { None, Ready, Asleep, Waiting };

struct ProcessInfo {
    std::uint64_t id;
    ProcessState state;
    char command[command_limit];
    std::uint64_t free_pages; ///< of the whole kernel
};

inline constexpr std::size_t name_limit = 100; ///< bytes of a file's name, with a NUL behind it

struct FileInfo {
    char name[name_limit];
    std::uint64_t bytes;
};

/// A program sees its own memory here and nothing else.
inline constexpr std::uint64_t user_first = 0x4000'0000, user_end = 0x4020'0000;
