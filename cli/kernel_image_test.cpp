// SPDX-License-Identifier: Apache-2.0
#include "cli/kernel_image.hpp"

#include <cstring>
#include <fstream>

#include <elf.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<char>;

template <class T>
void put(Bytes& file, std::size_t at, const T& value) {
    if (file.size() < at + sizeof value)
        file.resize(at + sizeof value);
    std::memcpy(file.data() + at, &value, sizeof value);
}

/// An Image with its header and some code; `memory` is its image_size.
Bytes image(std::uint64_t memory = 8192, std::uint64_t offset = 0x20'0000, std::uint64_t flags = 0) {
    Bytes file(5000);
    for (std::size_t i = 64; i < file.size(); ++i)
        file[i] = static_cast<char>(i * 7);
    put(file, 8, offset);
    put(file, 16, memory);
    put(file, 24, flags);
    std::memcpy(file.data() + 48, "RISCV\0\0\0RSC\x05", 12);
    return file;
}

struct Segment {
    std::uint64_t physical, virtual_address, file_bytes, memory;
};

/// An ELF file; its first segment's bytes are 'a', the next one's 'b', and so on.
Bytes elf(std::uint64_t entry, const std::vector<Segment>& segments) {
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_type = ET_EXEC;
    header.e_machine = EM_RISCV;
    header.e_entry = entry;
    header.e_phoff = sizeof header;
    header.e_phnum = static_cast<Elf64_Half>(segments.size());
    Bytes file;
    put(file, 0, header);
    std::size_t at = sizeof header + segments.size() * sizeof(Elf64_Phdr);
    for (std::size_t i = 0; i < segments.size(); ++i) {
        Elf64_Phdr segment{};
        segment.p_type = PT_LOAD;
        segment.p_offset = at;
        segment.p_paddr = segments[i].physical;
        segment.p_vaddr = segments[i].virtual_address;
        segment.p_filesz = segments[i].file_bytes;
        segment.p_memsz = segments[i].memory;
        put(file, sizeof header + i * sizeof segment, segment);
        file.resize(at + segments[i].file_bytes);
        std::memset(file.data() + at, static_cast<int>('a' + i), segments[i].file_bytes);
        at = file.size();
    }
    return file;
}

Bytes gzip(const Bytes& content) {
    z_stream stream{};
    EXPECT_EQ(deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    Bytes file(content.size() + 1000);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
    stream.avail_in = static_cast<uInt>(content.size());
    stream.next_out = reinterpret_cast<Bytef*>(file.data());
    stream.avail_out = static_cast<uInt>(file.size());
    EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
    file.resize(file.size() - stream.avail_out);
    deflateEnd(&stream);
    return file;
}

Bytes zstd(const Bytes& content) {
    Bytes file(ZSTD_compressBound(content.size()));
    file.resize(ZSTD_compress(file.data(), file.size(), content.data(), content.size(), 1));
    return file;
}

/// What is wrong with a file; empty, and a failure, if nothing is.
std::string complaint(const Bytes& file) {
    const auto read = kernel_image::read(file);
    EXPECT_FALSE(read);
    return read ? "" : read.error();
}

Bytes first(const Bytes& file, std::size_t count) {
    return {file.begin(), file.begin() + static_cast<std::ptrdiff_t>(count)};
}

}

TEST(KernelImage, an_image_goes_where_its_header_says) {
    const Bytes file = image();
    const auto read = kernel_image::read(file);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->bytes, file);
    EXPECT_EQ(read->address, 0x8020'0000u);
    EXPECT_EQ(read->entry, 0x8020'0000u);
    EXPECT_EQ(read->memory, 8192u);
    EXPECT_EQ(read->kind, "RISC-V Image");
    EXPECT_TRUE(read->reads_device_tree);
    EXPECT_EQ(kernel_image::read(image(8192, 0x40'0000))->address, 0x8040'0000u);
    EXPECT_EQ(kernel_image::read(image(0))->memory, 5000u); // one that does not say
}

TEST(KernelImage, compressed_ones_are_decompressed) {
    const Bytes file = image();
    for (const auto& [packed, kind] :
         {std::pair{gzip(file), "RISC-V Image, gzip"}, {zstd(file), "RISC-V Image, zstd"}}) {
        const auto read = kernel_image::read(packed);
        ASSERT_TRUE(read) << read.error();
        EXPECT_EQ(read->bytes, file);
        EXPECT_EQ(read->kind, kind);
    }
    const Bytes program = elf(0x8020'0000, {{0x8020'0000, 0x8020'0000, 10, 10}});
    EXPECT_EQ(kernel_image::read(gzip(program))->kind, "ELF, gzip");
    EXPECT_EQ(kernel_image::read(zstd(program))->kind, "ELF, zstd");
}

TEST(KernelImage, large_ones_too) {
    Bytes file = image(40 << 20);
    file.resize(30 << 20, 'x');
    EXPECT_EQ(kernel_image::read(gzip(file))->bytes, file);
    EXPECT_EQ(kernel_image::read(zstd(file))->bytes, file);
}

TEST(KernelImage, an_elf_file_becomes_one_flat_image) {
    const auto read = kernel_image::read(
        elf(0x8020'0004, {{0x8020'0000, 0x8020'0000, 16, 16}, {0x8020'1000, 0x8020'1000, 8, 0x3000}}));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->address, 0x8020'0000u);
    EXPECT_EQ(read->entry, 0x8020'0004u);
    EXPECT_EQ(read->memory, 0x4000u);
    ASSERT_EQ(read->bytes.size(), 0x1008u);
    EXPECT_EQ(read->bytes[15], 'a');
    EXPECT_EQ(read->bytes[16], 0);
    EXPECT_EQ(read->bytes[0x1007], 'b');
}

TEST(KernelImage, a_virtual_entry_is_found_at_its_physical_address) {
    constexpr std::uint64_t high = 0xffff'ffff'8000'0000;
    const auto read = kernel_image::read(
        elf(high + 0x20'1008, {{0x8020'0000, high + 0x20'0000, 16, 16}, {0x8020'1000, high + 0x20'1000, 16, 16}}));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->entry, 0x8020'1008u);
}

TEST(KernelImage, anything_else_is_a_plain_binary_for_the_usual_address) {
    const Bytes file{'\x13', 0, 0, 0, '\x6f', 0, 0, 0};
    const auto read = kernel_image::read(file);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->bytes, file);
    EXPECT_EQ(read->address, kernel_image::usual_address);
    EXPECT_EQ(read->entry, kernel_image::usual_address);
    EXPECT_EQ(read->kind, "plain binary");
    EXPECT_FALSE(read->reads_device_tree);
}

TEST(KernelImage, a_kernel_for_another_machine_is_named_as_such) {
    Bytes x86(0x300), arm(100);
    std::memcpy(x86.data() + 0x202, "HdrS", 4);
    EXPECT_EQ(complaint(x86), "is a kernel for x86: name one for 64-bit RISC-V");
    EXPECT_EQ(complaint(gzip(x86)), "is a kernel for x86: name one for 64-bit RISC-V");
    std::memcpy(arm.data() + 56, "ARM\x64", 4);
    EXPECT_EQ(complaint(arm), "is a kernel for arm64: name one for 64-bit RISC-V");
    EXPECT_EQ(complaint(image(8192, 0x20'0000, 1)), "is a big-endian kernel: name a little-endian one");
}

TEST(KernelImage, so_is_an_elf_file_for_another_machine) {
    const auto with = [](std::size_t at, std::uint8_t value) {
        Bytes file = elf(0x8020'0000, {{0x8020'0000, 0x8020'0000, 10, 10}});
        put(file, at, value);
        return complaint(file);
    };
    constexpr std::size_t machine = offsetof(Elf64_Ehdr, e_machine);
    EXPECT_EQ(with(machine, EM_X86_64), "is a program for x86-64: name a kernel for 64-bit RISC-V");
    EXPECT_EQ(with(machine, EM_AARCH64), "is a program for arm64: name a kernel for 64-bit RISC-V");
    EXPECT_EQ(with(machine, 99), "is a program for another architecture: name a kernel for 64-bit RISC-V");
    EXPECT_EQ(with(EI_CLASS, ELFCLASS32), "is a program for 32-bit RISC-V: name a kernel for 64-bit RISC-V");
    EXPECT_EQ(with(EI_DATA, ELFDATA2MSB), "is a program for a big-endian machine: name a kernel for 64-bit RISC-V");
    EXPECT_EQ(with(offsetof(Elf64_Ehdr, e_type), ET_REL), "is an ELF file that is not linked: name a kernel");
}

TEST(KernelImage, truncated_ones_are_told_at_every_length) {
    const Bytes whole = image(8192), program = elf(0x8020'0000, {{0x8020'0000, 0x8020'0000, 3000, 3000}});
    EXPECT_EQ(complaint(first(whole, 4095)), "is truncated: 4095 of at least 4096 bytes are there: get it again");
    EXPECT_EQ(complaint(first(whole, 64)), "is truncated: 64 of at least 4096 bytes are there: get it again");
    EXPECT_EQ(complaint(first(program, 63)), "is an ELF file that ends in its header: get it again");
    EXPECT_EQ(complaint(first(program, 64)), "is an ELF file that ends in its program headers: get it again");
    for (const std::size_t bytes : {120u, 1000u, 3119u})
        EXPECT_EQ(complaint(first(program, bytes)), "is an ELF file that is truncated: get it again");
    const Bytes gz = gzip(whole), zst = zstd(whole);
    for (const std::size_t part : {3u, 10u, 100u, 1000u}) {
        EXPECT_EQ(complaint(first(gz, std::min(part, gz.size() - 9))),
                  "is a gzip file that is truncated or damaged: get it again");
        EXPECT_EQ(complaint(first(zst, std::min(part + 1, zst.size() - 1))),
                  "is a zstd file that is truncated or damaged: get it again");
    }
}

TEST(KernelImage, one_with_sections_beyond_its_end_is_truncated) {
    Bytes file = image(8192);
    std::memcpy(file.data(), "MZ", 2); // an EFI program, as Linux is
    put(file, 60, std::uint32_t{64});
    std::memcpy(file.data() + 64, "PE\0\0", 4);
    put(file, 64 + 6, std::uint16_t{1});           // sections
    put(file, 64 + 20, std::uint16_t{0});          // bytes of the optional header
    put(file, 64 + 24 + 16, std::uint32_t{0x800}); // the section's bytes in the file, and where
    put(file, 64 + 24 + 20, std::uint32_t{0xb88});
    EXPECT_TRUE(kernel_image::read(file));
    put(file, 64 + 24 + 20, std::uint32_t{0xb89});
    EXPECT_EQ(complaint(file), "is truncated: 5000 of at least 5001 bytes are there: get it again");
}

TEST(KernelImage, a_damaged_one_is_refused) {
    Bytes gz = gzip(image());
    gz[gz.size() - 5] = static_cast<char>(gz[gz.size() - 5] ^ 1); // its length's or checksum's
    EXPECT_EQ(complaint(gz), "is a gzip file that is truncated or damaged: get it again");
    EXPECT_EQ(complaint(image(std::uint64_t{1} << 40)),
              "has an Image header with impossible sizes: it is damaged, get it again");
    EXPECT_EQ(complaint(image(8192, ~std::uint64_t{0})),
              "has an Image header with impossible sizes: it is damaged, get it again");
}

TEST(KernelImage, elf_files_that_cannot_be_put_into_ram_are_refused) {
    EXPECT_EQ(complaint(elf(0x1000, {{0x1000, 0x1000, 10, 10}})),
              "is an ELF file with a segment at 0x1000: link it for RAM, which begins at 0x80000000");
    EXPECT_EQ(complaint(elf(0x9000'0000, {{~std::uint64_t{0} - 5, 0x9000'0000, 10, 10}})),
              "is an ELF file with a segment at 0xfffffffffffffffa: link it for RAM, which begins at 0x80000000");
    EXPECT_EQ(complaint(elf(0x8020'0000, {})), "is an ELF file with nothing to load: name a kernel");
    EXPECT_EQ(complaint(elf(0x1234, {{0x8020'0000, 0x8020'0000, 10, 10}})),
              "is an ELF file whose entry is in none of its segments: link it again");
    EXPECT_EQ(complaint(elf(0x8000'0000, {{0x8000'0000, 0x8000'0000, 10, 10},
                                          {0x9000'0000, 0x9000'0000, 10, 10},
                                          {0x8fff'0000, 0x8fff'0000, 0, 0x20000}})),
              "is an ELF file of more than 256 MiB: link its segments nearer to each other");
}

TEST(KernelImage, a_bomb_is_refused) {
    const Bytes zeroes(300 << 20);
    EXPECT_EQ(complaint(gzip(zeroes)), "is larger than 256 MiB when decompressed: name a kernel");
    EXPECT_EQ(complaint(zstd(zeroes)), "is larger than 256 MiB when decompressed: name a kernel");
}

TEST(KernelImage, what_is_surely_something_else_is_said_to_be_that) {
    const auto beginning = [](std::string_view magic) {
        Bytes file(200, 'x');
        std::memcpy(file.data(), magic.data(), magic.size());
        return complaint(file);
    };
    EXPECT_EQ(complaint({}), "is empty: name a kernel");
    EXPECT_EQ(beginning({"\xfd\x37zXZ\0", 6}), "is compressed with xz: decompress it first");
    EXPECT_EQ(beginning("BZh"), "is compressed with bzip2: decompress it first");
    EXPECT_EQ(beginning("\x02\x21\x4c\x18"), "is compressed with lz4: decompress it first");
    EXPECT_EQ(beginning("\x27\x05\x19\x56"), "is a U-Boot image: name the kernel that it was made of");
    EXPECT_EQ(beginning("\xd0\x0d\xfe\xed"), "is a device tree or a FIT image: name a kernel");
    EXPECT_EQ(beginning("070701"), "is an initrd: name a kernel here, and this with the key 'initrd'");
    EXPECT_EQ(beginning({"MZ\0\0zimg", 8}),
              "is a kernel that only EFI can decompress: name the Image that it was made of");
}

TEST(KernelImage, a_file_that_cannot_be_read_is_told_apart) {
    EXPECT_EQ(kernel_image::read_file("/nonexistent/kernel").error(), "does not exist: name a kernel's file");
    EXPECT_EQ(kernel_image::read_file("/tmp").error(), "is no file: name a kernel's file");
    const fs::path file = fs::path{testing::TempDir()} / "kernel_image_test";
    const Bytes whole = image();
    std::ofstream{file, std::ios::binary}.write(whole.data(), static_cast<std::streamsize>(whole.size()));
    EXPECT_EQ(kernel_image::read_file(file)->bytes, whole);
    fs::remove(file);
}
