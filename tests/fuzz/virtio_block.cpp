// SPDX-License-Identifier: Apache-2.0
// A block device whose disk answers early, late, badly, or is full.
#include "devices/virtio/block.hpp"
#include "tests/fuzz/virtio.hpp"

namespace {

using namespace fuzz;

class FuzzedDisk final : public Disk, public Kind {
  public:
    FuzzedDisk(const Ram& memory, unsigned mood) : ram_{memory.view()}, mood_{mood} {}

    std::uint64_t sectors() const override { return 300; }
    bool read_only() const override { return mood_ & 1; }
    bool can_discard() const override { return mood_ & 2; }
    bool can_write_zeroes() const override { return mood_ & 4; }
    bool submit(const DiskRequest& request, Listener& listener) override {
        ++calls;
        check(request);
        if (pending_.size() >= room_)
            return false;
        if (room_ & 1) {
            transfer({request.segments.begin(), request.segments.end()}, request.operation);
            listener.disk_done(request.token, room_ & 2);
        } else {
            pending_.push_back(
                {request.operation, {request.segments.begin(), request.segments.end()}, request.token, &listener});
            committed_ = false;
        }
        return true;
    }
    void commit() override { committed_ = true; }

    void request(Guest& guest, Input& input) override {
        constexpr std::array<std::uint8_t, 8> types{0, 1, 4, 8, 11, 13, 0, 1};
        const std::uint32_t type = input.next() < 240 ? types[input.next() % types.size()] : input.next();
        const GuestPhysical header = Ram::buffer(0x8000 + 16 * input.below(64));
        ram_.write(header, type);
        ram_.write(GuestPhysical{header.value + 8}, std::uint64_t{input.below(310)});
        const std::uint32_t cut = input.next() % 20;
        std::vector<Buffer> all{{header, std::min(cut, 16u)}, {{header.value + cut}, cut < 16 ? 16 - cut : 0}};
        const bool writable = type == 0 || type == 8;
        for (unsigned count = input.next() % 4; count != 0; --count)
            all.push_back({place(input), data_length(type, input), writable});
        if (input.next() % 32 != 0)
            all.push_back({Ram::buffer(input.next<std::uint16_t>()), 1, true});
        guest.add(0, all);
    }
    void host(Input& input) override {
        if (input.next() % 8 == 0) {
            room_ = input.next() % 12;
        } else if (!pending_.empty()) {
            answer(input.next() % pending_.size(), input.next() % 8 != 0);
        }
    }
    void end() override {
        while (!pending_.empty()) {
            const std::size_t before = pending_.size();
            answer(0, true);
            if (pending_.size() >= before)
                room_ = 0; // the device asks on; enough of that
        }
    }

  private:
    struct Pending {
        DiskOperation operation;
        std::vector<Segment> segments;
        std::uint64_t token;
        Listener* listener;
    };

    /// Now and then near the end of RAM.
    static GuestPhysical place(Input& input) {
        return input.next() % 16 == 0 ? Ram::at(Ram::bytes - input.below(2048))
                                      : Ram::buffer(input.next<std::uint16_t>());
    }
    static std::uint32_t data_length(std::uint32_t type, Input& input) {
        if (input.next() % 16 == 0)
            return input.next<std::uint16_t>();
        if (type == 11 || type == 13)
            return 16 * (input.next() % 9);
        return type == 8 ? input.next() % 32 : 512 * (input.next() % 4);
    }
    /// What the device promises to its disk.
    void check(const DiskRequest& request) const {
        std::uint64_t bytes = 0;
        for (const Segment& segment : request.segments) {
            must(segment.bytes != 0 && ram_.contains(segment.address, segment.bytes));
            bytes += segment.bytes;
        }
        must(request.segments.size() <= DiskRequest::segment_limit);
        must(request.sector <= sectors() && request.sectors <= sectors() - request.sector);
        switch (request.operation) {
        case DiskOperation::Write: must(!read_only()); [[fallthrough]];
        case DiskOperation::Read: must(bytes == request.sectors * sector_bytes && bytes != 0); break;
        case DiskOperation::Flush: must(bytes == 0); break;
        case DiskOperation::Discard: must(can_discard() && !read_only() && bytes == 0); break;
        case DiskOperation::WriteZeroes: must(can_write_zeroes() && !read_only() && bytes == 0); break;
        }
    }
    void transfer(const std::vector<Segment>& segments, DiskOperation operation) const {
        for (const Segment& segment : segments) {
            std::vector<std::byte> bytes(segment.bytes, std::byte{0x5a});
            must(operation == DiskOperation::Read ? ram_.write_bytes(segment.address, bytes)
                                                  : ram_.read_bytes(segment.address, bytes));
        }
    }
    void answer(std::size_t index, bool well) {
        must(committed_); // else the disk has not begun
        const Pending one = pending_[index];
        pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(index));
        transfer(one.segments, one.operation);
        one.listener->disk_done(one.token, well);
    }

    GuestRam ram_;
    unsigned mood_, room_ = 6;
    bool committed_ = true;
    std::vector<Pending> pending_;
};

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input{{data, size}};
    const Ram memory;
    FuzzedDisk disk{memory, input.next()};
    Block block{memory.view(), disk, "a serial number"};
    // A chain of ranges is as many requests as it has ranges; one more for each flush, and for the one that was
    // refused.
    Guest{input, memory, block, disk, queue_size_limit * (Block::range_limit + 1) + 1}.play();
    return 0;
}
