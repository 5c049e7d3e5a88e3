// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "devices/guest_ram.hpp"

namespace devices {

inline constexpr std::uint64_t sector_bytes = 512;

/// What is asked of a disk.
enum class DiskOperation : std::uint8_t { Read, Write, Flush, Discard, WriteZeroes };

struct DiskRequest {
    static constexpr std::size_t segment_limit = 510; ///< Linux asks for up to 1,280 KiB, in pages of 4 KiB
    DiskOperation operation;
    std::uint64_t sector = 0;            ///< the first one
    std::uint64_t sectors = 0;           ///< Read, Write: as many as the segments hold
    std::span<const Segment> segments{}; ///< Read, Write: at most segment_limit, none empty; valid only during the call
    std::uint64_t token = 0;             ///< the asker's, given back with the answer
};

/// The backing of a block device. Requests have been checked: all sectors are there, and a disk that cannot do an
/// operation is not asked for it.
class Disk {
  public:
    /// Who hears how requests ended: exactly once for each that was taken in, perhaps before `submit` returns. Until
    /// then the disk may read and write the request's segments, so nothing that ends a request early may forget it.
    class Listener {
      public:
        virtual ~Listener() = default;
        virtual void disk_done(std::uint64_t token, bool well) = 0;
    };

    virtual ~Disk() = default;
    virtual std::uint64_t sectors() const = 0;
    virtual bool read_only() const = 0;
    virtual bool can_discard() const = 0;
    virtual bool can_write_zeroes() const = 0;
    /// Takes in `request`, to be begun by the next `commit` at the latest; false if nothing more can be taken in now:
    /// ask again after an answer has come.
    virtual bool submit(const DiskRequest& request, Listener& listener) = 0;
    /// Begins what has been taken in. A disk that is told of neighbouring requests at once may serve them as one.
    virtual void commit() {}
};

}
