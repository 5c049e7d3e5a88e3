// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "bench/primitives/hart.hpp"

/// The machine that the benchmark guest finds itself on, as its device tree tells it.
struct Platform {
    std::uint64_t hertz = 0; ///< of `time`
    std::size_t hart_count = 0;
    std::array<std::uint64_t, hart_limit> hart_ids{}; ///< the boot hart comes first
    std::uint64_t ram = 0, ram_bytes = 0;
    std::uint64_t uart = 0;                        ///< a 16550A; 0: none
    std::uint64_t plic = 0, context = 0;           ///< the boot hart's context for supervisor external interrupts
    std::array<std::uint64_t, hart_limit> files{}; ///< the harts' interrupt files for supervisor mode; 0: no AIA
    std::uint64_t aplic = 0, aplic_hart = 0;       ///< that sends messages to them, and its index of the boot hart
    struct Virtio {
        std::uint64_t address, interrupt;
    };
    std::array<Virtio, 8> virtio{};
    std::size_t virtio_count = 0;
    bool sstc = false;
    std::string_view command_line;

    /// Whether harts interrupt one another by messages to their files; else by calls of SBI.
    bool has_messages() const { return files[0] != 0; }
};

/// Whether the tree could be read.
bool read_platform(const void* tree, std::uint64_t boot_hart, Platform& platform);

void print(const Platform& platform, std::string_view text);
void print(const Platform& platform, std::uint64_t number);
/// A line `bench: NAME VALUE UNIT`.
void print_figure(const Platform& platform, std::string_view name, std::uint64_t value, std::string_view unit);
/// A line `bench: NAME - WHY`: what could not be measured here.
void print_reason(const Platform& platform, std::string_view name, std::string_view why);
