// SPDX-License-Identifier: Apache-2.0
#include "devices/virtio/block.hpp"

#include <algorithm>

namespace devices::virtio {

namespace {

constexpr std::uint64_t seg_max_feature = 1 << 2, read_only_feature = 1 << 5, flush_feature = 1 << 9,
                        discard_feature = 1 << 13, write_zeroes_feature = 1 << 14;

struct RequestHeader {
    std::uint32_t type;
    std::uint32_t reserved;
    std::uint64_t sector;
};
static_assert(sizeof(RequestHeader) == 16);

/// struct virtio_blk_discard_write_zeroes.
struct RangePayload {
    static constexpr std::uint32_t unmap = 1;
    std::uint64_t sector;
    std::uint32_t num_sectors;
    std::uint32_t flags;
};
static_assert(sizeof(RangePayload) == 16);

constexpr unsigned token_head_bits = 16;

}

Block::Block(const GuestRam& ram, Disk& disk, std::string_view serial) : Model{ram}, disk_{disk} {
    configuration_.capacity = disk.sectors();
    static_assert(DiskRequest::segment_limit <= queue_size_limit - 2); // which are for the header and the status
    configuration_.seg_max = DiskRequest::segment_limit;
    configuration_.num_queues = 1;
    configuration_.max_discard_sectors = configuration_.max_write_zeroes_sectors = range_sectors_limit;
    configuration_.max_discard_seg = configuration_.max_write_zeroes_seg = range_limit;
    configuration_.discard_sector_alignment = 1;
    std::ranges::copy(serial.substr(0, serial_limit), serial_.begin());
}

std::uint64_t Block::offered() const {
    std::uint64_t bits = seg_max_feature | flush_feature;
    if (disk_.read_only())
        return bits | read_only_feature;
    if (disk_.can_discard())
        bits |= discard_feature;
    if (disk_.can_write_zeroes())
        bits |= write_zeroes_feature;
    return bits;
}

bool Block::process(unsigned) {
    working_ = true;
    const bool more = work();
    working_ = false;
    disk_.commit();
    return more;
}

bool Block::work() {
    handed_over_ = 0;
    for (unsigned chains = 0; chains < queue_.size();) {
        if (handed_over_ >= sectors_a_round)
            return true;
        if (submission_ && !submit()) // the disk is full: go on when it answers us, or if it serves others, soon
            return handed_over_ >= sectors_a_round || (slots_[submission_->head].parts == 1 && queue_.in_flight() == 1);
        if (submission_)
            continue; // the flush that follows a write
        if (!negotiated(flush_feature) && queue_.in_flight() != 0)
            return false; // one after the other
        const auto chain = queue_.take();
        if (!chain)
            return false;
        ++chains;
        begin(*chain);
    }
    return true;
}

void Block::begin(const Chain& chain) {
    Cursor out{chain.readable}, in{chain.writable};
    if (in.left() == 0) { // nowhere to put the status
        queue_.fail(QueueError::BadRequest);
        return queue_.give_back(chain.head, 0);
    }
    const Segment& last = chain.writable.back();
    Slot& slot = slots_[chain.head];
    slot = {.status = {last.address.value + last.bytes - 1}, .data = in.left() - 1};
    slot.parts = 1;
    RequestHeader header;
    if (out.read(ram(), std::as_writable_bytes(std::span{&header, 1})) != sizeof(header))
        return finish(chain.head, Status::IoError);
    switch (RequestType{header.type}) {
    case RequestType::In: return move(chain.head, DiskOperation::Read, header.sector, in, slot.data);
    case RequestType::Out: return move(chain.head, DiskOperation::Write, header.sector, out, out.left());
    case RequestType::Flush:
        slot.operation = DiskOperation::Flush;
        submission_ = {chain.head, DiskOperation::Flush, 1};
        return;
    case RequestType::GetId: return identify(chain.head, in);
    case RequestType::Discard:
        if (negotiated(discard_feature))
            return change_ranges(chain.head, DiskOperation::Discard, out);
        break;
    case RequestType::WriteZeroes:
        if (negotiated(write_zeroes_feature))
            return change_ranges(chain.head, DiskOperation::WriteZeroes, out);
        break;
    }
    finish(chain.head, Status::Unsupported);
}

bool Block::inside(std::uint64_t sector, std::uint64_t sectors) const {
    return sector <= configuration_.capacity && sectors <= configuration_.capacity - sector;
}

void Block::move(std::uint16_t head, DiskOperation operation, std::uint64_t sector, Cursor data, std::uint64_t bytes) {
    const bool writes = operation == DiskOperation::Write;
    if (bytes % sector_bytes != 0 || !inside(sector, bytes / sector_bytes) || (writes && disk_.read_only()))
        return finish(head, Status::IoError);
    Submission submission{head, operation, bytes != 0};
    for (std::uint64_t left = bytes; left != 0;) {
        if (submission.segments == segments_.size())
            return finish(head, Status::IoError);
        const Segment piece = data.next(left);
        segments_[submission.segments++] = piece;
        left -= piece.bytes;
    }
    ranges_[0] = {sector, bytes / sector_bytes};
    slots_[head].written = writes ? 0 : bytes;
    slots_[head].sent = writes ? bytes : 0;
    slots_[head].operation = operation;
    slots_[head].flush_after = writes && !negotiated(flush_feature);
    submission_ = submission;
}

void Block::identify(std::uint16_t head, Cursor in) {
    Slot& slot = slots_[head];
    slot.written = std::min<std::uint64_t>(slot.data, serial_limit);
    (void)in.write(ram(), std::as_bytes(std::span{serial_}).first(slot.written)); // which is RAM: all of it is written
    finish(head, Status::Ok);
}

void Block::change_ranges(std::uint16_t head, DiskOperation operation, Cursor out) {
    const std::uint64_t count = out.left() / sizeof(RangePayload);
    if (count == 0 || count > range_limit || out.left() % sizeof(RangePayload) != 0)
        return finish(head, Status::IoError);
    range_count_ = 0;
    while (out.left() != 0)
        if (const auto refused = add_range(operation, out))
            return finish(head, *refused);
    slots_[head].operation = operation;
    submission_ = {head, operation, range_count_};
}

/// All ranges are checked before the first is changed.
std::optional<Block::Status> Block::add_range(DiskOperation operation, Cursor& out) {
    RangePayload range;
    if (out.read(ram(), std::as_writable_bytes(std::span{&range, 1})) != sizeof(range))
        return Status::IoError;
    const std::uint32_t allowed = operation == DiskOperation::WriteZeroes ? RangePayload::unmap : 0;
    if (range.flags & ~allowed)
        return Status::Unsupported;
    if (range.num_sectors > range_sectors_limit || !inside(range.sector, range.num_sectors))
        return Status::IoError;
    if (range.num_sectors != 0)
        ranges_[range_count_++] = {range.sector, range.num_sectors};
    return {};
}

DiskRequest Block::part(const Submission& submission) const {
    DiskRequest request{.operation = submission.operation};
    request.token = generation_of_tokens_ << token_head_bits | submission.head;
    if (submission.operation == DiskOperation::Flush)
        return request;
    request.sector = ranges_[submission.next].sector;
    request.sectors = ranges_[submission.next].sectors;
    request.segments = std::span{segments_}.first(submission.segments);
    return request;
}

/// Gives the rest of the submission to the disk; false if it is full, or has enough for this round. Answers may come
/// before `submit` returns.
bool Block::submit() {
    Submission& submission = *submission_;
    Slot& slot = slots_[submission.head];
    for (; submission.next < submission.parts; ++submission.next) {
        if (handed_over_ >= sectors_a_round)
            return false;
        const DiskRequest request = part(submission);
        ++slot.parts;
        if (!disk_.submit(request, *this)) {
            --slot.parts;
            return false;
        }
        handed_over_ += request.sectors;
    }
    const std::uint16_t head = submission.head;
    submission_.reset();
    part_done(head, true);
    return true;
}

void Block::disk_done(std::uint64_t token, bool well) {
    const std::uint64_t head = token & ((1 << token_head_bits) - 1);
    if (token >> token_head_bits != generation_of_tokens_ || head >= slots_.size() || slots_[head].parts == 0)
        return; // no answer to a question of ours
    part_done(static_cast<std::uint16_t>(head), well);
    if (!working_)
        serve(0);
}

void Block::part_done(std::uint16_t head, bool well) {
    Slot& slot = slots_[head];
    slot.well = slot.well && well;
    if (--slot.parts != 0)
        return;
    if (slot.flush_after && slot.well && queue_.running()) {
        slot.flush_after = false;
        slot.parts = 1;
        submission_ = {head, DiskOperation::Flush, 1};
        return;
    }
    finish(head, slot.well ? Status::Ok : Status::IoError);
}

/// Where requests end, and so nothing that an exit waits for.
void Block::count(const Slot& slot) {
    if (!slot.operation)
        return;
    done_.bytes_read += slot.written;
    done_.bytes_written += slot.sent;
    const bool reads = slot.operation == DiskOperation::Read, writes = slot.operation == DiskOperation::Write;
    ++(reads ? done_.reads : writes ? done_.writes : done_.others);
}

void Block::finish(std::uint16_t head, Status status) {
    Slot& slot = slots_[head];
    slot.parts = 0;
    if (status == Status::Ok)
        count(slot);
    // The driver may trust that this many bytes were written, counted from the first writable one.
    const std::uint64_t data = status == Status::Ok ? slot.written : 0;
    const std::uint64_t written = data == slot.data ? data + 1 : data;
    if (queue_.running()) // else the memory may be the guest's again
        ram().write(slot.status, static_cast<std::uint8_t>(status));
    queue_.give_back(head, static_cast<std::uint32_t>(std::min<std::uint64_t>(written, ~std::uint32_t{0})));
}

void Block::stopped(unsigned) {
    if (!submission_)
        return;
    const std::uint16_t head = submission_->head;
    submission_.reset();
    part_done(head, false);
}

}
