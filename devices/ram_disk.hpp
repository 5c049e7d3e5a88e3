// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "devices/disk.hpp"

namespace devices {

/// A disk whose content is memory, such as a file of a bundle. All is done before `submit` returns.
class RamDisk final : public Disk {
  public:
    /// A disk that keeps what is written to it in `content`, which outlives it. Bytes after the last whole sector are
    /// left alone. `ram` is that of the machine whose requests come.
    RamDisk(const GuestRam& ram, std::span<std::byte> content) : ram_{ram}, content_{content}, writable_{content} {}
    /// One that is read only.
    RamDisk(const GuestRam& ram, std::span<const std::byte> content) : ram_{ram}, content_{content} {}

    std::uint64_t sectors() const override { return content_.size() / sector_bytes; }
    bool read_only() const override { return writable_.empty(); }
    bool can_discard() const override { return !read_only(); }
    bool can_write_zeroes() const override { return !read_only(); }
    bool submit(const DiskRequest& request, Listener& listener) override;

  private:
    bool run(const DiskRequest& request) const;
    bool read(const DiskRequest& request) const;
    bool write(const DiskRequest& request) const;
    bool zero(const DiskRequest& request) const;

    GuestRam ram_;
    std::span<const std::byte> content_;
    std::span<std::byte> writable_; ///< the same, or nothing
};

}
