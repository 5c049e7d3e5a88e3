// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

/// A kernel's file, made into what the target's monitor only has to copy: one flat image and where it goes.
namespace kernel_image {

struct Image {
    std::vector<char> bytes;
    std::uint64_t address = 0; ///< guest-physical, of its first byte
    std::uint64_t entry = 0;
    std::uint64_t memory = 0; ///< bytes that it occupies, with those that begin as zero
    std::string kind;         ///< what it was, for people
    /// It begins by a protocol that hands it a device tree; else it may know QEMU's machine by heart.
    bool reads_device_tree = false;
};

/// Takes RISC-V Images (Documentation/arch/riscv/boot-image-header.rst in Linux), ELF64 files for RISC-V, both also
/// compressed with gzip or zstd, and anything else as a plain binary for the usual address. The error says what is
/// wrong and what would do, as the end of a sentence.
std::expected<Image, std::string> read(std::span<const char> file);
std::expected<Image, std::string> read_file(const std::filesystem::path& file);

/// Where kernels are put that do not say where.
inline constexpr std::uint64_t usual_address = 0x8020'0000;

}
