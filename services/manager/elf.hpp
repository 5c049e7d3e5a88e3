// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>

/// A program's file: a static ELF64 executable for RISC-V (System V ABI, chapters 4 and 5). Hostile input.
namespace elf {

enum class Error : std::uint8_t {
    Truncated,    ///< a header or a segment lies beyond the end of the file
    NotOurs,      ///< not a little-endian 64-bit RISC-V executable
    BadSegment,   ///< a segment is larger in the file than in memory, misaligned, or overlaps another's pages
    OutOfRange,   ///< a segment lies outside the addresses that programs may have
    WriteExecute, ///< a segment is both writable and executable
    TooMany,      ///< more segments than a program needs
    BadEntry,     ///< the entry is not in an executable segment
};
const char* describe(Error error);

struct Segment {
    std::uint64_t address; ///< of its first byte
    std::uint64_t bytes;   ///< in memory; what the file lacks is zero
    std::span<const std::byte> data;
    bool write, execute;
};

struct Program {
    static constexpr std::size_t segment_limit = 8;
    std::uint64_t entry = 0;
    std::array<Segment, segment_limit> segments{};
    std::size_t segment_count = 0;

    std::span<const Segment> all() const { return {segments.data(), segment_count}; }
};

/// Reads the headers of `file`; all segments must lie in [lowest, limit), each in pages of its own.
std::expected<Program, Error> read(std::span<const std::byte> file, std::uint64_t lowest, std::uint64_t limit);

}
