// SPDX-License-Identifier: Apache-2.0
// count NAME PROGRAM [ARGUMENT ...]: runs a program and prints, on the console, how many instructions the machine has
// run from its start to its end. `count --marks NAME ...` leaves counting to whoever reads the console: the host of
// KVM, whose guests have no counter (bench/linux/relay.cpp).
#include "bench/linux/counter.hpp"

namespace {

/// The program's exit status, as a shell would tell it.
std::uint64_t run(const char* const* words, const char* const* environment) {
    constexpr std::uint64_t child_signal = 17, not_found = 127, killed = 128; // SIGCHLD
    const std::int64_t child = os::call(os::Call::Clone, child_signal);
    if (child == 0) {
        os::call(os::Call::Execve, os::address(words[0]), os::address(words), os::address(environment));
        os::call(os::Call::Exit, not_found);
    }
    std::uint32_t status = 0;
    if (child < 0 || os::call(os::Call::Wait4, static_cast<std::uint64_t>(child), os::address(&status)) != child)
        return not_found;
    return (status & 0x7f) != 0 ? killed + (status & 0x7f) : status >> 8 & 0xff;
}

std::uint64_t count_marked(const os::File& console, std::string_view name, const char* const* words,
                           const char* const* environment) {
    console.write(name); // the reader has it from the line that the mark is in
    console.write({&mark::begin, 1});
    const std::uint64_t status = run(words, environment);
    console.write({&mark::end, 1});
    console.write("\n");
    return status;
}

std::uint64_t count(const os::File& console, std::string_view name, const char* const* words,
                    const char* const* environment) {
    const Counter counter;
    const auto before = counter.read();
    const std::uint64_t status = run(words, environment);
    const auto after = counter.read();
    if (before && after && *after != *before)
        print_figure(console, name, *after - *before, "instructions");
    else
        print_reason(console, name, "the machine has no counter of instructions");
    return status;
}

/// The stack as the kernel leaves it: the number of arguments, they, a null, the environment.
extern "C" [[noreturn, gnu::used]] void run_count(const std::uint64_t* stack) {
    const auto* const words = reinterpret_cast<const char* const*>(stack + 1);
    const auto* const environment = words + stack[0] + 1;
    constexpr std::uint64_t usage = 2;
    const bool marked = stack[0] > 1 && std::string_view{words[1]} == "--marks";
    const std::uint64_t name = marked ? 2 : 1;
    std::uint64_t status = usage;
    const os::File console{"/dev/console", os::File::read_write};
    if (console && stack[0] > name + 1)
        status = (marked ? count_marked : count)(console, words[name], words + name + 1, environment);
    for (;;)
        os::call(os::Call::Exit, status);
}

}

asm(".globl _start\n_start: mv a0, sp\n j run_count");
