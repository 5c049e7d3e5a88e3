// SPDX-License-Identifier: Apache-2.0
#include "services/manager/elf.hpp"

#include <cstring>
#include <optional>

#include "base/page.hpp"

namespace elf {

namespace {

struct FileHeader {
    unsigned char ident[16];
    std::uint16_t type, machine;
    std::uint32_t version;
    std::uint64_t entry, program_offset, section_offset;
    std::uint32_t flags;
    std::uint16_t header_bytes, program_entry_bytes, program_count, section_entry_bytes, section_count, names;
};
static_assert(sizeof(FileHeader) == 64);

struct ProgramHeader {
    std::uint32_t type, flags;
    std::uint64_t offset, address, physical, file_bytes, memory_bytes, alignment;
};
static_assert(sizeof(ProgramHeader) == 56);

constexpr std::uint16_t executable = 2, riscv = 243;
constexpr std::uint32_t load = 1, execute_flag = 1, write_flag = 2;
constexpr unsigned char identity[7] = {0x7f, 'E', 'L', 'F', 2, 1, 1}; // 64 bits, little-endian, version 1

template <class T>
std::optional<T> copy(std::span<const std::byte> file, std::uint64_t offset) {
    if (offset > file.size() || sizeof(T) > file.size() - offset)
        return {};
    T value;
    std::memcpy(&value, file.data() + offset, sizeof value);
    return value;
}

std::uint64_t page_of(std::uint64_t address) {
    return address / page_bytes;
}

bool share_a_page(const Segment& left, const Segment& right) {
    return page_of(left.address) <= page_of(right.address + right.bytes - 1) &&
           page_of(right.address) <= page_of(left.address + left.bytes - 1);
}

}

const char* describe(Error error) {
    switch (error) {
    case Error::Truncated: return "the file ends too early";
    case Error::NotOurs: return "it is not a RISC-V ELF64 executable";
    case Error::BadSegment: return "a segment is malformed";
    case Error::OutOfRange: return "a segment lies where programs cannot";
    case Error::WriteExecute: return "a segment is both writable and executable";
    case Error::TooMany: return "it has too many segments";
    case Error::BadEntry: return "its entry is not in executable code";
    }
    return "it is broken";
}

std::expected<Program, Error> read(std::span<const std::byte> file, std::uint64_t lowest, std::uint64_t limit) {
    const auto header = copy<FileHeader>(file, 0);
    if (!header)
        return std::unexpected{Error::Truncated};
    if (std::memcmp(header->ident, identity, sizeof identity) != 0 || header->type != executable ||
        header->machine != riscv || header->program_entry_bytes != sizeof(ProgramHeader))
        return std::unexpected{Error::NotOurs};
    Program program;
    program.entry = header->entry;
    bool entered = false;
    for (std::uint64_t i = 0; i < header->program_count; ++i) {
        const std::uint64_t offset = header->program_offset + i * sizeof(ProgramHeader);
        const auto found = offset < header->program_offset ? std::nullopt : copy<ProgramHeader>(file, offset);
        if (!found)
            return std::unexpected{Error::Truncated};
        if (found->type != load || found->memory_bytes == 0)
            continue;
        if (found->offset > file.size() || found->file_bytes > file.size() - found->offset)
            return std::unexpected{Error::Truncated};
        if (found->file_bytes > found->memory_bytes || !aligned(found->address, page_bytes))
            return std::unexpected{Error::BadSegment};
        if (found->address < lowest || found->address >= limit || found->memory_bytes > limit - found->address)
            return std::unexpected{Error::OutOfRange};
        const Segment segment{found->address, found->memory_bytes, file.subspan(found->offset, found->file_bytes),
                              (found->flags & write_flag) != 0, (found->flags & execute_flag) != 0};
        if (segment.write && segment.execute)
            return std::unexpected{Error::WriteExecute};
        if (program.segment_count == Program::segment_limit)
            return std::unexpected{Error::TooMany};
        for (const Segment& other : program.all())
            if (share_a_page(segment, other))
                return std::unexpected{Error::BadSegment};
        entered |=
            segment.execute && program.entry >= segment.address && program.entry - segment.address < segment.bytes;
        program.segments[program.segment_count++] = segment;
    }
    if (!entered)
        return std::unexpected{Error::BadEntry};
    return program;
}

}
