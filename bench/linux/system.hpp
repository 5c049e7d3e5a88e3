// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

/// What the benchmark's programs need of Linux, without a C library.
namespace os {

/// Numbers of system calls (Linux, include/uapi/asm-generic/unistd.h).
enum class Call : std::uint64_t {
    Mount = 40,
    Openat = 56,
    Close = 57,
    Read = 63,
    Write = 64,
    Pread = 67,
    Pipe2 = 59,
    Exit = 93,
    Nanosleep = 101,
    ClockGettime = 113,
    SchedSetscheduler = 119,
    Reboot = 142,
    Getppid = 173,
    Munmap = 215,
    Clone = 220,
    Execve = 221,
    Mmap = 222,
    PerfEventOpen = 241,
    Wait4 = 260,
    FinitModule = 273,
};

/// An address as a system call's argument.
inline std::uint64_t address(const void* pointer) {
    return reinterpret_cast<std::uint64_t>(pointer);
}

inline std::int64_t call(Call number, std::uint64_t first = 0, std::uint64_t second = 0, std::uint64_t third = 0,
                         std::uint64_t fourth = 0, std::uint64_t fifth = 0, std::uint64_t sixth = 0) {
    register std::uint64_t a0 asm("a0") = first;
    register std::uint64_t a1 asm("a1") = second;
    register std::uint64_t a2 asm("a2") = third;
    register std::uint64_t a3 asm("a3") = fourth;
    register std::uint64_t a4 asm("a4") = fifth;
    register std::uint64_t a5 asm("a5") = sixth;
    register std::uint64_t a7 asm("a7") = static_cast<std::uint64_t>(number);
    asm volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5), "r"(a7) : "memory");
    return static_cast<std::int64_t>(a0);
}

/// A file descriptor, or a negative number: the error.
class File {
  public:
    static constexpr std::uint64_t read_only = 0, read_write = 2, direct = 040000;
    File(const char* path, std::uint64_t flags)
        : descriptor_{call(Call::Openat, static_cast<std::uint64_t>(-100), address(path), flags)} {}
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() {
        if (*this)
            call(Call::Close, number());
    }
    explicit operator bool() const { return descriptor_ >= 0; }
    std::uint64_t number() const { return static_cast<std::uint64_t>(descriptor_); }
    std::int64_t read(std::span<std::byte> to) const {
        return call(Call::Read, number(), address(to.data()), to.size());
    }
    std::int64_t read_at(std::span<std::byte> to, std::uint64_t offset) const {
        return call(Call::Pread, number(), address(to.data()), to.size(), offset);
    }
    void write(std::string_view text) const { call(Call::Write, number(), address(text.data()), text.size()); }

  private:
    std::int64_t descriptor_;
};

/// Nanoseconds since the kernel began to keep time.
inline std::uint64_t monotonic() {
    constexpr std::uint64_t clock = 1, second = 1'000'000'000;
    std::uint64_t time[2]{};
    call(Call::ClockGettime, clock, address(time));
    return time[0] * second + time[1];
}

/// Ticks of the `time` register.
inline std::uint64_t ticks() {
    std::uint64_t value;
    asm volatile("rdtime %0" : "=r"(value)::"memory");
    return value;
}

/// Ends the machine.
[[noreturn]] inline void power_off() {
    constexpr std::uint64_t magic = 0xfee1dead, magic2 = 672274793, off = 0x4321fedc;
    for (;;)
        call(Call::Reboot, magic, magic2, off);
}

}
