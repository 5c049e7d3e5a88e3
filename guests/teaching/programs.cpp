// SPDX-License-Identifier: Apache-2.0
// The programs, all in one image: a process is started with a command, whose first word says which of them it is.
#include <__verbose_abort>

#include "guests/teaching/user.hpp"

namespace {

struct Program {
    std::string_view name, use;
    void (*run)(std::string_view rest);
};
extern const std::array<Program, 10> programs;

/// Takes the first word off `text`.
std::string_view take_word(std::string_view& text) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    return word;
}

const Program* find_program(std::string_view name) {
    const auto found = std::ranges::find(programs, name, &Program::name);
    return found == programs.end() ? nullptr : found;
}

void hello(std::string_view) {
    print("Hello from user mode.\n");
}

void help(std::string_view) {
    for (const Program& program : programs)
        print(Text{} << program.name << " " << program.use << "\n");
    print("exit  ends the shell, and with it the machine\n");
}

void ps(std::string_view) {
    constexpr std::array<std::string_view, 4> states{"none", "ready", "asleep", "waiting"};
    std::uint64_t free_pages = 0;
    for (std::uint64_t i = 0; const auto process = list<ProcessInfo>(SystemCall::ListProcess, i); ++i) {
        free_pages = process->free_pages;
        if (process->state != ProcessState::None)
            print(Text{} << process->id << " " << states[static_cast<std::size_t>(process->state)] << " "
                         << text_of(process->command) << "\n");
    }
    print(Text{} << free_pages << " pages are free\n");
}

void ls(std::string_view) {
    for (std::uint64_t i = 0; const auto file = list<FileInfo>(SystemCall::ListFile, i); ++i)
        print(Text{} << text_of(file->name) << " " << file->bytes << "\n");
}

void read(std::string_view name) {
    std::array<char, text_limit> piece;
    std::uint64_t offset = 0;
    std::int64_t count;
    for (; (count = read_file(name, offset, piece)) > 0; offset += static_cast<std::uint64_t>(count))
        print({piece.data(), static_cast<std::size_t>(count)});
    if (count < 0)
        print(Text{} << name << ": no such file\n");
}

void write(std::string_view rest) {
    const std::string_view name = take_word(rest);
    if (write_file(name, Text{} << rest << "\n") < 0)
        print(Text{} << name << ": cannot be written\n");
}

/// Says how many rounds are over, waiting for their ends in that way.
void count(std::string_view name, void (*wait_until)(std::uint64_t)) {
    std::uint64_t end = now();
    for (std::uint64_t round = 1; round <= 3; ++round) {
        wait_until(end += 50 * ticks_per_millisecond);
        print(Text{} << name << " " << round << "\n");
    }
}

/// Gives nothing up by itself: that others run meanwhile is the timer's doing.
void spin(std::string_view name) {
    count(name, [](std::uint64_t end) {
        while (now() < end) {
        }
    });
}

void nap(std::string_view name) {
    count(name, [](std::uint64_t end) { sleep_until(end); });
}

void turns(std::string_view) {
    const std::int64_t one = start("spin one"), other = start("spin other");
    wait_for(one);
    wait_for(other);
}

/// What a program must not do, of each kind one.
void bad(std::string_view what) {
    constexpr std::uint64_t kernel = 0x8020'0000;
    volatile char* target = reinterpret_cast<volatile char*>(what == "pointer" ? kernel : user_first);
    if (what == "pointer" || what == "code")
        *target = 1;
    else if (what == "instruction")
        asm volatile(".word 0");
    else if (what == "privilege")
        asm volatile("csrw satp, zero");
    else if (what == "jump")
        reinterpret_cast<void (*)()>(kernel)();
    for (const std::uint64_t address : {kernel, user_first - 1, user_end - 1, ~std::uint64_t{0}})
        if (call(SystemCall::Print, address, 2) != refused || start({reinterpret_cast<char*>(address), 2}) != refused ||
            call(SystemCall::ListProcess, 0, address) != refused)
            print("the kernel took a bad pointer\n");
    if (call(SystemCall::ListProcess, 0, user_first) != refused || call(SystemCall{99}) != refused)
        print("the kernel took a bad call\n");
    print("all was refused\n");
}

/// A line, with a backspace that works.
std::string_view read_line(std::array<char, command_limit>& line) {
    std::size_t size = 0;
    for (;;) {
        const char character = typed_character();
        if (character == '\r' || character == '\n') {
            print("\n");
            return {line.data(), size};
        }
        if ((character == '\b' || character == '\x7f') && size != 0) {
            --size;
            print("\b \b");
        } else if (character >= ' ' && character <= '~' && size != line.size()) {
            line[size++] = character;
            print({&line[size - 1], 1});
        }
    }
}

/// Carries out commands, each by a process of its own, and waits for it.
void shell() {
    for (;;) {
        print("> ");
        std::array<char, command_limit> line;
        const std::string_view command = read_line(line), name = command.substr(0, command.find(' '));
        if (name == "exit")
            return;
        const std::int64_t process = find_program(name) ? start(command) : refused;
        if (process != refused)
            wait_for(process);
        else if (!name.empty())
            print(Text{} << name << ": cannot be started, try help\n");
    }
}

constexpr std::array<Program, 10> programs{{
    {"hello", " says so", hello},
    {"help", " tells what there is", help},
    {"ps", " tells which processes there are", ps},
    {"ls", " tells which files are on the disk, and their bytes", ls},
    {"readfile", "FILE  shows what is in it", read},
    {"writefile", "FILE TEXT  makes a file of one line", write},
    {"spin", "NAME  keeps the hart busy for three rounds", spin},
    {"nap", "NAME  sleeps through them", nap},
    {"turns", " lets two processes keep it busy at once", turns},
    {"bad", "pointer | code | instruction | privilege | jump | call  does what it must not", bad},
}};

}

/// Where every process begins (process.cpp): with its command.
extern "C" [[noreturn]] void start(const char* characters, std::size_t size) {
    std::string_view rest{characters, size};
    const std::string_view name = take_word(rest);
    if (const Program* program = find_program(name))
        program->run(rest);
    else
        shell();
    exit();
}

/// What libc++ calls when a bounds check fails.
_LIBCPP_BEGIN_NAMESPACE_STD
[[noreturn]] void __libcpp_verbose_abort(const char* format, ...) {
    print(format);
    exit();
}
_LIBCPP_END_NAMESPACE_STD
