// SPDX-License-Identifier: Apache-2.0
// SBI DBCN: the console by bytes in memory.
#include <algorithm>

#include "monitors/machine/sbi_extensions.hpp"

namespace machine::extension {

namespace {

using sbi::Error;

/// Most that one call moves: a line of a kernel's log, and short enough for other harts to wait for.
constexpr std::size_t piece_bytes = 1024;

/// Where the first piece of the caller's memory is (SBI "Shared memory physical address range parameter"): all of
/// it must be RAM, whatever is done of it. An empty range has no address that could be a wrong one.
std::optional<devices::Segment> first_piece(const Call& call, const Surroundings& around) {
    const std::uint64_t bytes = call.arguments[0], address = call.arguments[1], high = call.arguments[2];
    if (bytes == 0)
        return devices::Segment{};
    if (high != 0 || !around.ram.contains({address}, bytes))
        return {};
    return devices::Segment{{address}, static_cast<std::uint32_t>(std::min<std::uint64_t>(bytes, piece_bytes))};
}

Answer write(const Call& call, const Surroundings& around) {
    const auto piece = first_piece(call, around);
    if (!piece)
        return {Error::InvalidParameter};
    std::array<std::byte, piece_bytes> buffer;
    const std::span bytes = std::span{buffer}.first(piece->bytes);
    if (!bytes.empty() && around.ram.read_bytes(piece->address, bytes))
        around.platform.console_write(bytes);
    return {Error::Success, piece->bytes};
}

Answer read(const Call& call, const Surroundings& around) {
    const auto piece = first_piece(call, around);
    if (!piece)
        return {Error::InvalidParameter};
    std::array<std::byte, piece_bytes> buffer;
    const std::size_t count = around.platform.console_read(std::span{buffer}.first(piece->bytes));
    if (count != 0)
        (void)around.ram.write_bytes(piece->address, std::span{buffer}.first(count)); // is RAM: see above
    return {Error::Success, count};
}

}

Outcome debug_console(const Call& call, const Surroundings& around) {
    enum : std::uint64_t { Write, Read, WriteByte };
    switch (call.function) {
    case Write: return write(call, around);
    case Read: return read(call, around);
    case WriteByte: {
        const std::byte byte{static_cast<unsigned char>(call.arguments[0])};
        around.platform.console_write({&byte, 1});
        return Answer{Error::Success};
    }
    default: return Answer{Error::NotSupported};
    }
}

}
