// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "abi/error.hpp"
#include "abi/handle.hpp"

namespace sdk {

/// Maps into a process or guest, or unmaps, all `pages`, however many calls that takes.
abi::Result<void> map(abi::Handle space, abi::Handle memory, std::uint64_t first_page, std::uint64_t address,
                      std::uint64_t pages, abi::Rights rights);
/// Gives pages other rights; none unmaps them. NotMapped where there are none to change.
abi::Result<void> protect(abi::Handle space, std::uint64_t address, std::uint64_t pages, abi::Rights rights);

/// Addresses of this process that nobody else uses, aligned to 2 MiB; nothing is mapped there yet.
class Reservation {
  public:
    Reservation() = default;
    explicit Reservation(std::uint64_t bytes);
    Reservation(Reservation&& other) noexcept;
    Reservation& operator=(Reservation&& other) noexcept;
    ~Reservation();

    std::uint64_t address() const { return address_; }

  private:
    std::uint64_t address_ = 0, bytes_ = 0;
};

/// Pages of a Memory object, mapped into this process while this lives.
class Mapping {
  public:
    Mapping() = default;
    static abi::Result<Mapping> create(abi::Handle memory, std::uint64_t first_page, std::uint64_t pages,
                                       abi::Rights rights = abi::Rights::Read | abi::Rights::Write);
    Mapping(Mapping&& other) noexcept
        : reservation_{std::move(other.reservation_)}, bytes_{std::exchange(other.bytes_, {})} {}
    Mapping& operator=(Mapping&& other) noexcept;
    ~Mapping();

    std::span<std::byte> bytes() const { return bytes_; }

  private:
    Mapping(Reservation reservation, std::span<std::byte> bytes)
        : reservation_{std::move(reservation)}, bytes_{bytes} {}
    Reservation reservation_;
    std::span<std::byte> bytes_;
};

}
