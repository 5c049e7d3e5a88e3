// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

/// A newc archive (cpio(5), "New ASCII Format"). Hostile input: every field is checked against what is there.
namespace cpio {

enum class Error : std::uint8_t {
    BadHeader, ///< no magic number, or a digit that is none
    BadName,   ///< the name does not end with NUL, or is too long
    Truncated, ///< a member, or the trailer, is missing
    NotFound,  ///< no member has that name
};
const char* describe(Error error);

struct Member {
    std::string_view name;
    std::span<const std::byte> data;
};

/// Walks the members of an archive in order.
class Reader {
  public:
    explicit Reader(std::span<const std::byte> archive) : archive_{archive} {}
    /// The next member; NotFound at the trailer.
    std::expected<Member, Error> next();

  private:
    std::span<const std::byte> archive_;
    std::size_t at_ = 0;
};

/// The data of the member called `name`.
std::expected<std::span<const std::byte>, Error> find(std::span<const std::byte> archive, std::string_view name);

}
