// SPDX-License-Identifier: Apache-2.0
#include "services/manager/elf.hpp"

#include <cstring>
#include <vector>

#include <elf.h>

#include <gtest/gtest.h>

namespace {

constexpr std::uint64_t lowest = 0x10000, limit = 0x1000'0000;

/// A good program of two segments, by the system's own header.
struct File {
    Elf64_Ehdr header{};
    Elf64_Phdr code{}, data{};
    std::vector<std::byte> bytes() const {
        std::vector<std::byte> all(0x3000);
        std::memcpy(all.data(), &header, sizeof header);
        std::memcpy(all.data() + sizeof header, &code, sizeof code);
        std::memcpy(all.data() + sizeof header + sizeof code, &data, sizeof data);
        return all;
    }
    File() {
        std::memcpy(header.e_ident, ELFMAG, SELFMAG);
        header.e_ident[EI_CLASS] = ELFCLASS64;
        header.e_ident[EI_DATA] = ELFDATA2LSB;
        header.e_ident[EI_VERSION] = EV_CURRENT;
        header.e_type = ET_EXEC;
        header.e_machine = EM_RISCV;
        header.e_entry = 0x10010;
        header.e_phoff = sizeof header;
        header.e_phentsize = sizeof code;
        header.e_phnum = 2;
        code = {PT_LOAD, PF_R | PF_X, 0x1000, 0x10000, 0, 0x800, 0x800, 4096};
        data = {PT_LOAD, PF_R | PF_W, 0x2000, 0x11000, 0, 0x10, 0x5000, 4096};
    }
    std::expected<elf::Program, elf::Error> read() const {
        static std::vector<std::byte> kept;
        kept = bytes();
        return elf::read(kept, lowest, limit);
    }
};

TEST(Elf, ReadsAGoodProgram) {
    const auto program = File{}.read();
    ASSERT_TRUE(program);
    EXPECT_EQ(program->entry, 0x10010u);
    ASSERT_EQ(program->all().size(), 2u);
    EXPECT_TRUE(program->all()[0].execute && !program->all()[0].write);
    EXPECT_EQ(program->all()[1].bytes, 0x5000u);
    EXPECT_EQ(program->all()[1].data.size(), 0x10u);
}

template <class Change>
elf::Error error_of(Change change) {
    File file;
    change(file);
    const auto program = file.read();
    return program ? elf::Error{255} : program.error();
}

TEST(Elf, NamesEachMistake) {
    using elf::Error;
    EXPECT_EQ(error_of([](File& f) { f.header.e_ident[0] = 0; }), Error::NotOurs);
    EXPECT_EQ(error_of([](File& f) { f.header.e_ident[EI_CLASS] = ELFCLASS32; }), Error::NotOurs);
    EXPECT_EQ(error_of([](File& f) { f.header.e_ident[EI_DATA] = ELFDATA2MSB; }), Error::NotOurs);
    EXPECT_EQ(error_of([](File& f) { f.header.e_machine = EM_X86_64; }), Error::NotOurs);
    EXPECT_EQ(error_of([](File& f) { f.header.e_type = ET_DYN; }), Error::NotOurs);
    EXPECT_EQ(error_of([](File& f) { f.header.e_phentsize = 1; }), Error::NotOurs);
    EXPECT_EQ(error_of([](File& f) { f.header.e_phoff = ~0ull; }), Error::Truncated);
    EXPECT_EQ(error_of([](File& f) { f.header.e_phoff = ~0ull - 60; }), Error::Truncated);
    EXPECT_EQ(error_of([](File& f) {
                  f.header.e_phnum = 0xffff;
                  f.header.e_phoff = 0x2ff0;
              }),
              Error::Truncated);
    EXPECT_EQ(error_of([](File& f) { f.code.p_offset = ~0ull; }), Error::Truncated);
    EXPECT_EQ(error_of([](File& f) { f.code.p_filesz = f.code.p_memsz = 0x10000; }), Error::Truncated);
    EXPECT_EQ(error_of([](File& f) { f.code.p_filesz = f.code.p_memsz + 1; }), Error::BadSegment);
    EXPECT_EQ(error_of([](File& f) { f.code.p_vaddr += 8; }), Error::BadSegment);
    EXPECT_EQ(error_of([](File& f) { f.data.p_vaddr = f.code.p_vaddr; }), Error::BadSegment);
    EXPECT_EQ(error_of([](File& f) { f.code.p_vaddr = 0; }), Error::OutOfRange);
    EXPECT_EQ(error_of([](File& f) { f.code.p_vaddr = limit; }), Error::OutOfRange);
    EXPECT_EQ(error_of([](File& f) { f.data.p_memsz = ~0ull; }), Error::OutOfRange);
    EXPECT_EQ(error_of([](File& f) { f.data.p_vaddr = ~0xfffull; }), Error::OutOfRange);
    EXPECT_EQ(error_of([](File& f) { f.code.p_flags |= PF_W; }), Error::WriteExecute);
    EXPECT_EQ(error_of([](File& f) { f.header.e_entry = 0x11000; }), Error::BadEntry);
    EXPECT_EQ(error_of([](File& f) { f.header.e_phnum = 0; }), Error::BadEntry);
}

TEST(Elf, SurvivesEveryTruncation) {
    const auto good = File{}.bytes();
    for (std::size_t size = 0; size < good.size(); size += 7)
        if (const std::vector<std::byte> cut(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
            size < 0x2010)
            EXPECT_FALSE(elf::read(cut, lowest, limit)) << size;
}

}
