// SPDX-License-Identifier: Apache-2.0
// What the C and C++ libraries want of their system.
#include <__verbose_abort>
#include <algorithm>
#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <span>

#include "sdk/console.hpp"
#include "sdk/log.hpp"
#include "sdk/manager.hpp"
#include "sdk/must.hpp"
#include "sdk/mutex.hpp"
#include "sdk/runtime.hpp"
#include "sdk/startup.hpp"

namespace {

std::byte *heap_next = nullptr, *heap_end = nullptr;
constinit sdk::Mutex heap_mutex;
const char* program_name = "";

}

extern "C" {

using Initializer = void (*)();
extern const Initializer init_array_begin[], init_array_end[];

void* sbrk(std::ptrdiff_t bytes) {
    if (bytes > heap_end - heap_next)
        return reinterpret_cast<void*>(-1);
    return std::exchange(heap_next, heap_next + bytes);
}

[[noreturn]] void _exit(int status) {
    (void)sdk::call(abi::Call::ProcessExit, status);
    __builtin_trap();
}
int getpid() {
    return 1;
}
int kill(int, int) {
    _exit(1);
}

// Debian's libraries guard their stack frames with this word.
std::uintptr_t __stack_chk_guard;
[[noreturn]] void __stack_chk_fail() {
    sdk::fail("a stack frame was overwritten");
}

[[gnu::no_stack_protector]] void sdk_begin() {
    sdk::prepare();
    for (const Initializer* each = init_array_begin; each != init_array_end; ++each)
        (*each)();
}
}

namespace sdk {

[[gnu::weak]] void prepare() {
    std::memcpy(&__stack_chk_guard, startup().seed, sizeof __stack_chk_guard);
    set_up(startup().name, reinterpret_cast<std::byte*>(heap_address), startup().heap_bytes);
    (void)console::open();
    (void)manager::open();
}

void set_up(const char* name, std::byte* heap, std::size_t heap_bytes) {
    program_name = name;
    heap_next = heap;
    heap_end = heap + heap_bytes;
}

namespace {

/// The Log call, whose text goes in registers.
void log_piece(std::size_t bytes, const std::uint64_t (&words)[abi::log_bytes / 8]) {
    register std::uint64_t a0 asm("a0") = granted::system;
    register std::uint64_t a1 asm("a1") = bytes;
    register std::uint64_t a7 asm("a7") = static_cast<std::uint64_t>(abi::Call::Log);
    register std::uint64_t x18 asm("x18") = words[0], x19 asm("x19") = words[1], x20 asm("x20") = words[2],
                               x21 asm("x21") = words[3], x22 asm("x22") = words[4], x23 asm("x23") = words[5],
                               x24 asm("x24") = words[6], x25 asm("x25") = words[7], x26 asm("x26") = words[8],
                               x27 asm("x27") = words[9], x28 asm("x28") = words[10], x29 asm("x29") = words[11],
                               x30 asm("x30") = words[12], x31 asm("x31") = words[13];
    asm volatile("ecall"
                 : "+r"(a0), "+r"(a1)
                 : "r"(a7), "r"(x18), "r"(x19), "r"(x20), "r"(x21), "r"(x22), "r"(x23), "r"(x24), "r"(x25), "r"(x26),
                   "r"(x27), "r"(x28), "r"(x29), "r"(x30), "r"(x31)
                 : "memory");
}

}

namespace {

/// To the program's console, whose lines end as a terminal's do; what could not be written.
std::string_view write_to_console(std::string_view text) {
    while (!text.empty()) {
        const std::size_t line = std::min(text.find('\n'), text.size());
        if (console::write(std::as_bytes(std::span{text.substr(0, line)})) != line)
            return text;
        text.remove_prefix(line);
        constexpr std::string_view end = "\r\n";
        if (!text.empty() && console::write(std::as_bytes(std::span{end})) != end.size())
            return text;
        text.remove_prefix(text.empty() ? 0 : 1);
    }
    return text;
}

}

void write(std::string_view text) {
    if (console::is_open())
        text = write_to_console(text);
    for (; !text.empty(); text.remove_prefix(std::min<std::size_t>(text.size(), abi::log_bytes))) {
        const std::size_t bytes = std::min<std::size_t>(text.size(), abi::log_bytes);
        std::uint64_t words[abi::log_bytes / 8] = {};
        std::memcpy(words, text.data(), bytes);
        log_piece(bytes, words);
    }
}

namespace {

void log_line(const char* format, std::va_list arguments, bool failure = false) {
    char line[512];
    int length = std::snprintf(line, sizeof line, "%s: ", program_name);
    const auto name_bytes = static_cast<std::size_t>(length);
    length += std::vsnprintf(line + length, sizeof line - static_cast<std::size_t>(length) - 1, format, arguments);
    length = std::min(length, static_cast<int>(sizeof line) - 2);
    if (failure)
        manager::report(manager::Report::Failed,
                        std::as_bytes(std::span{line}.first(static_cast<std::size_t>(length)).subspan(name_bytes)));
    line[length++] = '\n';
    write({line, static_cast<std::size_t>(length)});
}

}

void log(const char* format, ...) {
    std::va_list arguments;
    va_start(arguments, format);
    log_line(format, arguments);
    va_end(arguments);
}

void fail(const char* format, ...) {
    std::va_list arguments;
    va_start(arguments, format);
    log_line(format, arguments, true);
    va_end(arguments);
    _exit(1);
}

const char* describe(abi::Error error) {
    switch (error) {
    case abi::Error::None: return "no error";
    case abi::Error::Again: return "not yet";
    case abi::Error::BadCall: return "no such system call";
    case abi::Error::BadHandle: return "no such object";
    case abi::Error::BadRights: return "the handle lacks a right";
    case abi::Error::BadArgument: return "an argument is out of its range";
    case abi::Error::OutOfQuota: return "the quota is used up";
    case abi::Error::OutOfHandles: return "the handle table is full";
    case abi::Error::AlreadyMapped: return "something is mapped there";
    case abi::Error::NotMapped: return "nothing is mapped there";
    case abi::Error::Busy: return "in use by another thread";
    case abi::Error::TimedOut: return "timed out";
    case abi::Error::Unsupported: return "this machine cannot do that";
    }
    return "an error that this program does not know";
}

}

namespace {

void* there(void* memory) {
    if (!memory)
        sdk::fail("out of heap: give the machine a larger `heap` in the manifest");
    return memory;
}

}

void* operator new(std::size_t bytes) {
    const sdk::Guard guard{heap_mutex};
    return there(std::malloc(bytes));
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
    const sdk::Guard guard{heap_mutex};
    return std::malloc(bytes);
}
void* operator new[](std::size_t bytes) {
    return operator new(bytes);
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
    const sdk::Guard guard{heap_mutex};
    return there(std::aligned_alloc(static_cast<std::size_t>(alignment), bytes));
}
void operator delete(void* memory) noexcept {
    const sdk::Guard guard{heap_mutex};
    std::free(memory);
}
void operator delete[](void* memory) noexcept {
    operator delete(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    operator delete(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
    operator delete(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
    operator delete(memory);
}

_LIBCPP_BEGIN_NAMESPACE_STD
[[noreturn]] void __libcpp_verbose_abort(const char* format, ...) {
    std::va_list arguments;
    va_start(arguments, format);
    sdk::log_line(format, arguments, true);
    va_end(arguments);
    _exit(1);
}
_LIBCPP_END_NAMESPACE_STD

/// What stands for a pure virtual function in the table of an abstract class.
extern "C" [[noreturn]] void __cxa_pure_virtual() {
    std::__libcpp_verbose_abort("a pure virtual function was called");
}
