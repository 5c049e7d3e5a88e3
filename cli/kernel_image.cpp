// SPDX-License-Identifier: Apache-2.0
#include "cli/kernel_image.hpp"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>

#include <elf.h>
#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include "base/machine_layout.hpp"

namespace kernel_image {

namespace {

constexpr std::size_t largest = 256 << 20; ///< what compressed files may grow to

template <class T>
std::optional<T> at(std::span<const char> file, std::uint64_t offset) {
    if (offset > file.size() || sizeof(T) > file.size() - offset)
        return {};
    T value;
    std::memcpy(&value, file.data() + offset, sizeof value);
    return value;
}

bool begins(std::span<const char> file, std::uint64_t offset, std::string_view text) {
    return offset <= file.size() && text.size() <= file.size() - offset &&
           std::memcmp(file.data() + offset, text.data(), text.size()) == 0;
}

std::unexpected<std::string> wrong(std::string text) {
    return std::unexpected{std::move(text)};
}

std::expected<std::vector<char>, std::string> gunzip(std::span<const char> file) {
    z_stream stream{};
    constexpr int gzip_only = 16 + MAX_WBITS;
    if (inflateInit2(&stream, gzip_only) != Z_OK)
        return wrong("cannot be decompressed: out of memory");
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(file.data())); // zlib does not write there
    stream.avail_in = static_cast<uInt>(std::min<std::size_t>(file.size(), largest));
    std::vector<char> out;
    int status = Z_OK;
    while (status == Z_OK && out.size() < largest) {
        const std::size_t done = out.size();
        out.resize(std::min<std::size_t>(largest, std::max<std::size_t>(1 << 20, done * 2)));
        stream.next_out = reinterpret_cast<Bytef*>(out.data() + done);
        stream.avail_out = static_cast<uInt>(out.size() - done);
        status = inflate(&stream, Z_NO_FLUSH);
        out.resize(out.size() - stream.avail_out);
    }
    inflateEnd(&stream);
    if (status == Z_STREAM_END)
        return out;
    if (out.size() >= largest)
        return wrong("is larger than 256 MiB when decompressed: name a kernel");
    return wrong("is a gzip file that is truncated or damaged: get it again");
}

std::expected<std::vector<char>, std::string> unzstd(std::span<const char> file) {
    const std::unique_ptr<ZSTD_DStream, decltype(&ZSTD_freeDStream)> stream{ZSTD_createDStream(), ZSTD_freeDStream};
    if (!stream)
        return wrong("cannot be decompressed: out of memory");
    ZSTD_inBuffer in{file.data(), file.size(), 0};
    std::vector<char> out;
    for (;;) {
        const std::size_t done = out.size();
        out.resize(done + (4 << 20));
        ZSTD_outBuffer piece{out.data() + done, out.size() - done, 0};
        const std::size_t left = ZSTD_decompressStream(stream.get(), &piece, &in);
        out.resize(done + piece.pos);
        if (ZSTD_isError(left) != 0 || (left != 0 && piece.pos == 0 && in.pos == in.size))
            return wrong("is a zstd file that is truncated or damaged: get it again");
        if (left == 0)
            return out;
        if (out.size() > largest)
            return wrong("is larger than 256 MiB when decompressed: name a kernel");
    }
}

/// The header of a RISC-V Image.
struct Header {
    std::uint32_t code[2];
    std::uint64_t text_offset, image_size, flags;
    std::uint32_t version, reserved;
    std::uint64_t reserved_2;
    char magic[8], magic_2[4];
    std::uint32_t reserved_3;
};
static_assert(sizeof(Header) == 64);

/// Bytes that an Image must have which is an EFI program too: its sections say where they lie (PE format, "Section
/// Table"). 0 if it is none.
std::uint64_t efi_bytes(std::span<const char> file) {
    constexpr std::uint64_t header_at = 60, count_at = 6, optional_at = 20, table_at = 24, entry_bytes = 40,
                            raw_at = 16;
    const auto header = at<std::uint32_t>(file, header_at);
    if (!begins(file, 0, "MZ") || !header || !begins(file, *header, "PE"))
        return 0;
    const auto count = at<std::uint16_t>(file, *header + count_at),
               optional = at<std::uint16_t>(file, *header + optional_at);
    std::uint64_t end = 0;
    for (unsigned i = 0; count && optional && i < *count; ++i) {
        const std::uint64_t entry = *header + table_at + *optional + i * entry_bytes + raw_at;
        const auto bytes = at<std::uint32_t>(file, entry), first = at<std::uint32_t>(file, entry + 4);
        if (bytes && first)
            end = std::max(end, std::uint64_t{*first} + *bytes);
    }
    return end;
}

std::expected<Image, std::string> read_image(std::span<const char> file, const Header& header) {
    if ((header.flags & 1) != 0)
        return wrong("is a big-endian kernel: name a little-endian one");
    // image_size counts what begins as zero; 0 in kernels before 4.17, which there never were for RISC-V.
    if (header.image_size > largest || header.text_offset > largest)
        return wrong("has an Image header with impossible sizes: it is damaged, get it again");
    // What begins as zero may not be there; of a kernel that is no EFI program less than half is surely not all.
    const std::uint64_t wanted = std::max(efi_bytes(file), header.image_size / 2);
    if (file.size() < wanted)
        return wrong(fmt::format("is truncated: {} of at least {} bytes are there: get it again", file.size(), wanted));
    Image image;
    image.bytes.assign(file.begin(), file.end());
    image.address = image.entry = machine_layout::ram_base.value + header.text_offset;
    image.memory = std::max<std::uint64_t>(file.size(), header.image_size);
    image.kind = "RISC-V Image";
    image.reads_device_tree = true;
    return image;
}

std::string_view machine_name(const Elf64_Ehdr& header) {
    if (header.e_ident[EI_DATA] != ELFDATA2LSB)
        return "a big-endian machine";
    switch (header.e_machine) {
    case EM_X86_64: return "x86-64";
    case EM_AARCH64: return "arm64";
    case EM_386: return "x86";
    case EM_ARM: return "arm";
    case EM_RISCV: return "32-bit RISC-V";
    default: return "another architecture";
    }
}

std::expected<Image, std::string> read_elf(std::span<const char> file) {
    const auto header = at<Elf64_Ehdr>(file, 0);
    if (!header)
        return wrong("is an ELF file that ends in its header: get it again");
    if (header->e_type != ET_EXEC && header->e_type != ET_DYN && header->e_ident[EI_DATA] == ELFDATA2LSB)
        return wrong("is an ELF file that is not linked: name a kernel");
    if (header->e_machine != EM_RISCV || header->e_ident[EI_CLASS] != ELFCLASS64 ||
        header->e_ident[EI_DATA] != ELFDATA2LSB)
        return wrong(fmt::format("is a program for {}: name a kernel for 64-bit RISC-V", machine_name(*header)));
    std::uint64_t first = ~std::uint64_t{0}, end = 0, file_end = 0;
    std::vector<Elf64_Phdr> segments;
    for (unsigned i = 0; i < header->e_phnum; ++i) {
        const auto segment = at<Elf64_Phdr>(file, header->e_phoff + i * std::uint64_t{sizeof(Elf64_Phdr)});
        if (header->e_phoff > file.size() || !segment)
            return wrong("is an ELF file that ends in its program headers: get it again");
        if (segment->p_type != PT_LOAD || segment->p_memsz == 0)
            continue;
        if (segment->p_offset > file.size() || segment->p_filesz > file.size() - segment->p_offset)
            return wrong("is an ELF file that is truncated: get it again");
        if (segment->p_paddr < machine_layout::ram_base.value || segment->p_memsz > largest ||
            segment->p_filesz > segment->p_memsz || segment->p_paddr - machine_layout::ram_base.value > largest)
            return wrong(fmt::format("is an ELF file with a segment at {:#x}: link it for RAM, which begins at {:#x}",
                                     segment->p_paddr, machine_layout::ram_base.value));
        first = std::min(first, segment->p_paddr);
        end = std::max(end, segment->p_paddr + segment->p_memsz);
        file_end = std::max(file_end, segment->p_paddr + segment->p_filesz);
        segments.push_back(*segment);
    }
    if (segments.empty())
        return wrong("is an ELF file with nothing to load: name a kernel");
    if (std::max(file_end, first + 1) - first > largest)
        return wrong("is an ELF file of more than 256 MiB: link its segments nearer to each other");
    Image image;
    image.bytes.resize(std::max(file_end, first + 1) - first);
    for (const Elf64_Phdr& segment : segments)
        if (segment.p_filesz != 0)
            std::memcpy(image.bytes.data() + (segment.p_paddr - first), file.data() + segment.p_offset,
                        segment.p_filesz);
    image.address = first;
    image.memory = end - first;
    image.kind = "ELF";
    image.entry = header->e_entry;
    for (const Elf64_Phdr& segment : segments) // linked for virtual addresses, as Linux is
        if (header->e_entry >= segment.p_vaddr && header->e_entry - segment.p_vaddr < segment.p_memsz)
            image.entry = segment.p_paddr + (header->e_entry - segment.p_vaddr);
    if (image.entry < first || image.entry >= end)
        return wrong("is an ELF file whose entry is in none of its segments: link it again");
    return image;
}

/// Files that are surely no plain binary, by how they begin: what they are and what would do instead.
constexpr std::pair<std::string_view, std::string_view> others[]{
    {{"\xfd"
      "7zXZ\0",
      6},
     "is compressed with xz: decompress it first"},
    {{"BZh", 3}, "is compressed with bzip2: decompress it first"},
    {{"\x04\x22\x4d\x18", 4}, "is compressed with lz4: decompress it first"},
    {{"\x02\x21\x4c\x18", 4}, "is compressed with lz4: decompress it first"},
    {{"\x5d\0\0", 3}, "is compressed with lzma: decompress it first"},
    {{"\x27\x05\x19\x56", 4}, "is a U-Boot image: name the kernel that it was made of"},
    {{"\xd0\x0d\xfe\xed", 4}, "is a device tree or a FIT image: name a kernel"},
    {{"070701", 6}, "is an initrd: name a kernel here, and this with the key 'initrd'"},
};

std::expected<Image, std::string> read_plain(std::span<const char> file) {
    constexpr std::uint64_t bzimage_magic_at = 0x202, arm64_magic_at = 56, header_magic_at = 48;
    if (file.empty())
        return wrong("is empty: name a kernel");
    if (begins(file, bzimage_magic_at, "HdrS"))
        return wrong("is a kernel for x86: name one for 64-bit RISC-V");
    if (begins(file, arm64_magic_at, "ARM\x64"))
        return wrong("is a kernel for arm64: name one for 64-bit RISC-V");
    constexpr std::uint64_t zboot_magic_at = 4;
    if (begins(file, 0, "MZ") && begins(file, zboot_magic_at, "zimg"))
        return wrong("is a kernel that only EFI can decompress: name the Image that it was made of");
    for (const auto& [magic, what] : others)
        if (begins(file, 0, magic))
            return wrong(std::string{what});
    if (begins(file, 0,
               "\x7f"
               "ELF"))
        return read_elf(file);
    if (const auto header = at<Header>(file, 0); header && begins(file, header_magic_at, "RISCV") &&
                                                 begins(file, arm64_magic_at, std::string_view{"RSC\x05", 4}))
        return read_image(file, *header);
    Image image;
    image.bytes.assign(file.begin(), file.end());
    image.address = image.entry = usual_address;
    image.memory = file.size();
    image.kind = "plain binary";
    return image;
}

}

std::expected<Image, std::string> read(std::span<const char> file) {
    const bool gzip = begins(file, 0, "\x1f\x8b"), zstd = begins(file, 0, "\x28\xb5\x2f\xfd");
    if (!gzip && !zstd)
        return read_plain(file);
    const auto content = gzip ? gunzip(file) : unzstd(file);
    if (!content)
        return std::unexpected{content.error()};
    auto image = read_plain(*content);
    if (image)
        image->kind = fmt::format("{}, {}", image->kind, gzip ? "gzip" : "zstd");
    return image;
}

std::expected<Image, std::string> read_file(const std::filesystem::path& file) {
    std::error_code error;
    if (!std::filesystem::exists(file, error))
        return wrong("does not exist: name a kernel's file");
    if (!std::filesystem::is_regular_file(file, error))
        return wrong("is no file: name a kernel's file");
    std::ifstream stream{file, std::ios::binary};
    if (!stream)
        return wrong("cannot be read: check its permissions");
    const std::vector<char> bytes{std::istreambuf_iterator<char>{stream}, {}};
    return read(bytes);
}

}
