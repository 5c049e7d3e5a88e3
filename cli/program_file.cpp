// SPDX-License-Identifier: Apache-2.0
#include "cli/program_file.hpp"

#include <fstream>
#include <iterator>
#include <span>
#include <vector>

#include "services/manager/elf.hpp"

namespace program_file {

std::optional<std::string> check(const std::filesystem::path& file) {
    constexpr std::uint64_t lowest = 0x10000, limit = 0x1000'0000; // sdk::program_address, sdk::heap_address
    std::error_code error;
    if (!std::filesystem::is_regular_file(file, error))
        return "does not exist, or is no file";
    std::ifstream stream{file, std::ios::binary};
    const std::vector<char> bytes{std::istreambuf_iterator<char>{stream}, {}};
    const auto program = elf::read(std::as_bytes(std::span{bytes}), lowest, limit);
    if (!program)
        return std::string{"is no program: "} + elf::describe(program.error());
    return {};
}

}
