// SPDX-License-Identifier: Apache-2.0
#include "services/manager/cpio.hpp"

#include <algorithm>
#include <optional>

namespace cpio {

namespace {

constexpr std::size_t header_bytes = 110, field_bytes = 8, name_limit = 4096;

std::optional<std::size_t> number(std::string_view digits) {
    std::size_t value = 0;
    for (const char digit : digits) {
        std::size_t each = 0;
        if (digit >= '0' && digit <= '9')
            each = static_cast<std::size_t>(digit - '0');
        else if (digit >= 'a' && digit <= 'f')
            each = static_cast<std::size_t>(digit - 'a' + 10);
        else if (digit >= 'A' && digit <= 'F')
            each = static_cast<std::size_t>(digit - 'A' + 10);
        else
            return {};
        value = value << 4 | each;
    }
    return value;
}

constexpr std::size_t up_to_4(std::size_t value) {
    return (value + 3) & ~std::size_t{3};
}

}

const char* describe(Error error) {
    switch (error) {
    case Error::BadHeader: return "a member has no valid header";
    case Error::BadName: return "a member's name has no end";
    case Error::Truncated: return "it ends before its trailer";
    case Error::NotFound: return "it has no such member";
    }
    return "it is broken";
}

std::expected<Member, Error> Reader::next() {
    const auto rest = archive_.subspan(at_);
    if (rest.size() < header_bytes)
        return std::unexpected{Error::Truncated};
    const std::string_view header{reinterpret_cast<const char*>(rest.data()), header_bytes};
    const auto field = [&](std::size_t index) { return number(header.substr(6 + index * field_bytes, field_bytes)); };
    const auto data_bytes = field(6), name_bytes = field(11);
    if (!header.starts_with("070701") || !data_bytes || !name_bytes)
        return std::unexpected{Error::BadHeader};
    if (*name_bytes == 0 || *name_bytes > name_limit)
        return std::unexpected{Error::BadName};
    const std::size_t data_at = up_to_4(header_bytes + *name_bytes);
    if (data_at > rest.size() || *data_bytes > rest.size() - data_at)
        return std::unexpected{Error::Truncated};
    std::string_view name{header.data() + header_bytes, *name_bytes};
    const std::size_t end = name.find('\0'); // more NULs may follow: they align the data
    if (end == std::string_view::npos)
        return std::unexpected{Error::BadName};
    name = name.substr(0, end);
    if (name == "TRAILER!!!")
        return std::unexpected{Error::NotFound};
    // Offsets count from the start of the archive, whose own address is aligned.
    at_ += std::min(up_to_4(data_at + *data_bytes), rest.size());
    return Member{name, rest.subspan(data_at, *data_bytes)};
}

std::expected<std::span<const std::byte>, Error> find(std::span<const std::byte> archive, std::string_view name) {
    Reader reader{archive};
    for (;;) {
        const auto member = reader.next();
        if (!member)
            return std::unexpected{member.error()};
        if (member->name == name)
            return member->data;
    }
}

}
