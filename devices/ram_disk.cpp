// SPDX-License-Identifier: Apache-2.0
#include "devices/ram_disk.hpp"

#include <algorithm>

namespace devices {

bool RamDisk::submit(const DiskRequest& request, Listener& listener) {
    listener.disk_done(request.token, run(request));
    return true;
}

bool RamDisk::run(const DiskRequest& request) const {
    if (request.sector > sectors() || request.sectors > sectors() - request.sector)
        return false;
    switch (request.operation) {
    case DiskOperation::Read: return read(request);
    case DiskOperation::Write: return write(request);
    case DiskOperation::Flush: return true;
    case DiskOperation::Discard:
    case DiskOperation::WriteZeroes: return zero(request);
    }
    return false;
}

bool RamDisk::read(const DiskRequest& request) const {
    std::span<const std::byte> left = content_.subspan(request.sector * sector_bytes, request.sectors * sector_bytes);
    for (const Segment& segment : request.segments) {
        if (segment.bytes > left.size() || !ram_.write_bytes(segment.address, left.first(segment.bytes)))
            return false;
        left = left.subspan(segment.bytes);
    }
    return left.empty();
}

bool RamDisk::write(const DiskRequest& request) const {
    if (read_only())
        return false;
    std::span<std::byte> left = writable_.subspan(request.sector * sector_bytes, request.sectors * sector_bytes);
    for (const Segment& segment : request.segments) {
        if (segment.bytes > left.size() || !ram_.read_bytes(segment.address, left.first(segment.bytes)))
            return false;
        left = left.subspan(segment.bytes);
    }
    return left.empty();
}

bool RamDisk::zero(const DiskRequest& request) const {
    if (read_only())
        return false;
    std::ranges::fill(writable_.subspan(request.sector * sector_bytes, request.sectors * sector_bytes), std::byte{0});
    return true;
}

}
