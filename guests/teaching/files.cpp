// SPDX-License-Identifier: Apache-2.0
#include "guests/teaching/files.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "guests/teaching/disk.hpp"
#include "guests/teaching/text.hpp"

namespace files {

namespace {

/// Numbers are octal digits.
struct Header {
    char name[name_limit], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type;
    char link_name[100], magic[6], version[2], rest[247];
};
static_assert(sizeof(Header) == sizeof(disk::Sector));

struct Entry {
    std::uint64_t sector, bytes; ///< where its header is; the content follows
    char name[name_limit];
    bool regular;
    std::uint64_t sectors() const { return 1 + (bytes + sizeof(disk::Sector) - 1) / sizeof(disk::Sector); }
    std::uint64_t next() const { return sector + sectors(); }
};

std::uint64_t from_octal(std::string_view digits) {
    std::uint64_t number = 0; // 12 digits are 36 bits
    for (const char digit : digits)
        if (digit >= '0' && digit <= '7')
            number = number * 8 + static_cast<std::uint64_t>(digit - '0');
    return number;
}

/// All digits but the last character, which stays NUL.
void to_octal(std::span<char> digits, std::uint64_t number) {
    for (std::size_t i = digits.size() - 1; i-- != 0; number /= 8)
        digits[i] = static_cast<char>('0' + number % 8);
}

/// The entry at that sector; nothing where the archive ends, or what is there is none.
std::optional<Entry> entry_at(std::uint64_t sector) {
    disk::Sector bytes;
    if (!disk::read(sector, bytes))
        return {};
    const auto header = std::bit_cast<Header>(bytes);
    if (!text_of(header.magic).starts_with("ustar"))
        return {};
    Entry entry{sector, from_octal({header.size, sizeof header.size}), {}, header.type == '0' || header.type == '\0'};
    text_of(header.name).copy(entry.name, name_limit - 1);
    if (entry.next() > disk::sectors())
        return {};
    return entry;
}

/// The first file that `wanted` says yes to.
std::optional<Entry> find(auto wanted) {
    for (auto entry = entry_at(0); entry; entry = entry_at(entry->next()))
        if (entry->regular && wanted(*entry))
            return entry;
    return {};
}

auto is_called(std::string_view name) {
    return [name](const Entry& entry) { return text_of(entry.name) == name; };
}

disk::Sector make_header(std::string_view name, std::uint64_t bytes) {
    Header header{};
    name.copy(header.name, name_limit - 1);
    to_octal(header.mode, 0644);
    to_octal(header.size, bytes);
    header.type = '0';
    std::memcpy(header.magic, "ustar", sizeof header.magic);
    std::memcpy(header.version, "00", sizeof header.version);
    std::memset(header.checksum, ' ', sizeof header.checksum); // counted as blanks
    std::uint64_t sum = 0;
    for (const std::byte byte : std::bit_cast<disk::Sector>(header))
        sum += static_cast<std::uint8_t>(byte);
    to_octal(std::span{header.checksum}.first(7), sum);
    return std::bit_cast<disk::Sector>(header);
}

/// Moves everything behind the entry down over it. The archive ends where it did, with old sectors at its end.
bool remove(const Entry& entry, std::uint64_t end) {
    for (std::uint64_t from = entry.next(); from < end; ++from) {
        disk::Sector sector;
        if (!disk::read(from, sector) || !disk::write(from - entry.sectors(), sector))
            return false;
    }
    return true;
}

}

std::optional<FileInfo> list(std::uint64_t index) {
    const auto entry = find([&](const Entry&) { return index-- == 0; });
    if (!entry)
        return {};
    FileInfo info{{}, entry->bytes};
    std::ranges::copy(entry->name, info.name);
    return info;
}

std::optional<std::size_t> read(std::string_view name, std::uint64_t offset, std::span<std::byte> to) {
    const auto entry = find(is_called(name));
    if (!entry)
        return {};
    if (offset >= entry->bytes)
        return 0;
    disk::Sector sector;
    if (!disk::read(entry->sector + 1 + offset / sector.size(), sector))
        return {};
    const std::size_t skip = offset % sector.size();
    const std::size_t count = std::min({to.size(), sector.size() - skip, entry->bytes - offset});
    std::ranges::copy(std::span{sector}.subspan(skip, count), to.begin());
    return count;
}

bool write(std::string_view name, std::string_view content) {
    constexpr std::uint64_t mark = 2; // sectors of zeros that end an archive
    if (name.empty() || name.size() >= name_limit || content.size() > sizeof(disk::Sector))
        return false;
    std::uint64_t end = 0;
    while (const auto entry = entry_at(end))
        end = entry->next();
    const auto old = find(is_called(name));
    const Entry entry{end - (old ? old->sectors() : 0), content.size(), {}, true};
    if (entry.next() + mark > disk::sectors() || (old && !remove(*old, end)))
        return false;
    if (!disk::write(entry.sector, make_header(name, content.size())))
        return false;
    disk::Sector sector{};
    std::ranges::copy(std::as_bytes(std::span{content}), sector.begin());
    if (!content.empty() && !disk::write(entry.sector + 1, sector))
        return false;
    for (std::uint64_t at = entry.next(); at < std::max(entry.next() + mark, end); ++at)
        if (!disk::write(at, {}))
            return false;
    return true;
}

}
