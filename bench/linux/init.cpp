// SPDX-License-Identifier: Apache-2.0
// The first program of Linux in a benchmark: tells when it was reached, measures what the kernel's command line asks
// for behind `--`, and powers the machine off. It is started from an initrd made by `sundew fetch` (rdinit=/bench).
//
// Figures are in nanoseconds of the machine's own clock. Where an emulator counts instructions they are instructions.
#include <cstring>

#include "bench/linux/line.hpp"
#include "bench/linux/loops.hpp"
#include "bench/linux/system.hpp"

namespace {

alignas(4096) std::byte buffer[1 << 20];
std::uint64_t hertz = 0;

[[noreturn]] void fail(const os::File& console, std::string_view what) {
    console.write((Line{} << "benchmark failed: " << what << "\n").text());
    os::power_off();
}

std::uint64_t nanoseconds(std::uint64_t ticks) {
    constexpr std::uint64_t second = 1'000'000'000;
    return ticks / hertz * second + ticks % hertz * second / hertz;
}

void figure(const os::File& console, std::string_view name, std::uint64_t value) {
    console.write((Line{} << "bench: " << name << " " << value << " ns\n").text());
}

/// A module of the initrd: its devices are there when this returns.
void load_module(std::string_view name) {
    const os::File module{(Line{} << "/lib/modules/" << name << std::string_view{"\0", 1}).text().data(),
                          os::File::read_only};
    if (module)
        os::call(os::Call::FinitModule, module.number(), os::address(""), 0);
}

void load_modules() {
    const os::File order{"/lib/modules/order", os::File::read_only};
    const std::int64_t read = order ? order.read(std::span{buffer}.first(4096)) : 0;
    std::string_view names{reinterpret_cast<const char*>(buffer), static_cast<std::size_t>(read > 0 ? read : 0)};
    while (!names.empty()) {
        const std::size_t end = names.find('\n');
        load_module(names.substr(0, end));
        names.remove_prefix(end == names.npos ? names.size() : end + 1);
    }
}

void read_timebase() {
    std::byte cell[4];
    const os::File file{"/sys/firmware/devicetree/base/cpus/timebase-frequency", os::File::read_only};
    if (file && file.read(cell) == sizeof cell)
        for (const std::byte each : cell)
            hertz = hertz << 8 | static_cast<std::uint64_t>(each);
}

/// Milliseconds until the kernel has done what it does in the background after its start.
constexpr std::uint64_t quiet = 5000;

/// Writes `count` lines of 80 characters, one system call each.
void console_lines(const os::File& console) {
    constexpr std::uint64_t count = 200;
    constexpr std::string_view line =
        "The sundew waits on the moor; a fly comes by, sees what glistens, and stays.  \r\n";
    static_assert(line.size() == 80);
    const std::uint64_t before = os::monotonic();
    for (std::uint64_t i = 0; i < count; ++i)
        console.write(line);
    figure(console, "console-line", (os::monotonic() - before) / count);
}

/// Reads the first disk from its start to `bytes`, past the cache, `piece` bytes a request.
void disk_reads(const os::File& console, std::string_view name, std::uint64_t piece, std::uint64_t bytes) {
    const os::File disk{"/dev/vda", os::File::read_only | os::File::direct};
    if (!disk)
        fail(console, "there is no disk /dev/vda");
    const auto read = [&](std::uint64_t requests) {
        const std::uint64_t before = os::monotonic();
        for (std::uint64_t i = 0; i < requests; ++i)
            if (disk.read_at(std::span{buffer}.first(piece), i * piece) != static_cast<std::int64_t>(piece))
                fail(console, "the disk cannot be read");
        return os::monotonic() - before;
    };
    (void)read(16);
    const std::uint64_t requests = bytes / piece;
    figure(console, name, read(requests) / requests);
}

/// Timer ticks of the kernel: one for each sleep.
void sleeps(std::uint64_t count) {
    const std::uint64_t time[]{0, 1'000'000};
    for (std::uint64_t i = 0; i < count; ++i)
        os::call(os::Call::Nanosleep, os::address(time));
}

/// The stack as the kernel leaves it: the number of arguments, then they.
extern "C" [[noreturn, gnu::used]] void run(const std::uint64_t* stack) {
    const auto word = [&](std::uint64_t number) {
        return std::string_view{stack[0] > number ? reinterpret_cast<const char*>(stack[1 + number]) : ""};
    };
    const std::string_view what = word(1);
    const std::uint64_t reached = os::ticks();
    os::call(os::Call::Mount, os::address("sys"), os::address("/sys"), os::address("sysfs"));
    os::call(os::Call::Mount, os::address("dev"), os::address("/dev"), os::address("devtmpfs"));
    load_modules();
    const os::File console{"/dev/console", os::File::read_write};
    read_timebase();
    if (hertz == 0)
        fail(console, "the device tree names no timebase");
    figure(console, "user-space", nanoseconds(reached));
    console.write("The first line is out.\r\n");
    figure(console, "first-line", nanoseconds(os::ticks()));
    if (what == "console") {
        sleeps(quiet);
        console_lines(console);
    } else if (what == "disk-4k") {
        disk_reads(console, what, 4 << 10, 32 << 20);
    } else if (what == "disk-128k") {
        disk_reads(console, what, 128 << 10, 256 << 20);
    } else if (what == "disk-sequential") {
        disk_reads(console, what, 1 << 20, 256 << 20);
    } else if (what == "loops") {
        sleeps(quiet);
        loops::run(console, figure);
    } else if (what == "tick") {
        sleeps(1000);
    } else if (what != "boot") {
        fail(console, "this benchmark is not known");
    }
    os::power_off();
}

}

asm(".globl _start\n_start: mv a0, sp\n j run");
