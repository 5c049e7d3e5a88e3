// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "devices/disk.hpp"
#include "devices/virtio/cursor.hpp"
#include "devices/virtio/model.hpp"

namespace devices::virtio {

/// The configuration space of a block device (virtio 1.2, "Block Device": "Device configuration layout").
struct BlockConfiguration {
    std::uint64_t capacity; ///< in sectors of 512 bytes
    std::uint32_t size_max;
    std::uint32_t seg_max;
    std::uint32_t geometry;
    std::uint32_t blk_size;
    std::uint64_t topology;
    std::uint8_t writeback;
    std::uint8_t unused0;
    std::uint16_t num_queues;
    std::uint32_t max_discard_sectors;
    std::uint32_t max_discard_seg;
    std::uint32_t discard_sector_alignment;
    std::uint32_t max_write_zeroes_sectors;
    std::uint32_t max_write_zeroes_seg;
    std::uint32_t write_zeroes_may_unmap;
    std::uint32_t max_secure_erase_sectors;
};
static_assert(sizeof(BlockConfiguration) == 64 && offsetof(BlockConfiguration, max_discard_sectors) == 36);

/// A disk for a guest. Several requests are under way at once, as many as the disk takes. A driver that does not know
/// how to flush gets each write flushed, one after the other, so that what it was told to be written is.
class Block final : public Model, private Disk::Listener {
  public:
    static constexpr std::size_t serial_limit = 20;
    /// Ranges of one discard or write-zeroes request, and sectors of one range.
    static constexpr std::uint32_t range_limit = 16, range_sectors_limit = 1 << 17;
    /// What one call hands to the disk, and one request beyond that: a disk in RAM copies it while others wait.
    static constexpr std::uint64_t sectors_a_round = 1 << 17;

    /// `disk` outlives the device. Of `serial`, at most serial_limit bytes are told to the guest.
    Block(const GuestRam& ram, Disk& disk, std::string_view serial);

    /// What was done well so far, over all resets.
    struct Done {
        std::uint64_t reads = 0, writes = 0, others = 0; ///< requests; others: flushes, discards, zeroes
        std::uint64_t bytes_read = 0, bytes_written = 0;
    };
    const Done& done() const { return done_; }

    std::uint32_t device_id() const override { return 2; }
    std::uint64_t offered() const override;
    std::span<Queue> queues() override { return {&queue_, 1}; }
    std::span<const std::byte> configuration() const override { return std::as_bytes(std::span{&configuration_, 1}); }

  private:
    enum class RequestType : std::uint32_t { In = 0, Out = 1, Flush = 4, GetId = 8, Discard = 11, WriteZeroes = 13 };
    enum class Status : std::uint8_t { Ok = 0, IoError = 1, Unsupported = 2 };
    /// A request that is under way, by the head of its chain.
    struct Slot {
        GuestPhysical status;                     ///< where the status byte goes: the last writable one
        std::uint64_t data = 0;                   ///< the writable bytes before it
        std::uint64_t written = 0;                ///< of these, if all goes well
        std::uint64_t sent = 0;                   ///< bytes that go to the disk
        std::optional<DiskOperation> operation{}; ///< nothing: it is not the disk's
        std::uint32_t parts = 0; ///< answers still to come, and one while parts are still submitted; 0: not under way
        bool well = true;
        bool flush_after = false;
    };
    /// The request whose parts are being given to the disk, which may be full in between.
    struct Submission {
        std::uint16_t head;
        DiskOperation operation;
        std::size_t parts, next = 0;
        std::size_t segments = 0;
    };
    struct SectorRange {
        std::uint64_t sector, sectors;
    };

    bool process(unsigned) override;
    void started() override { ++generation_of_tokens_; }
    void stopped(unsigned) override;
    void disk_done(std::uint64_t token, bool well) override;

    bool work();
    void begin(const Chain& chain);
    void move(std::uint16_t head, DiskOperation operation, std::uint64_t sector, Cursor data, std::uint64_t bytes);
    void identify(std::uint16_t head, Cursor in);
    void change_ranges(std::uint16_t head, DiskOperation operation, Cursor out);
    std::optional<Status> add_range(DiskOperation operation, Cursor& out);
    bool inside(std::uint64_t sector, std::uint64_t sectors) const;
    bool submit();
    DiskRequest part(const Submission& submission) const;
    void part_done(std::uint16_t head, bool well);
    void finish(std::uint16_t head, Status status);
    void count(const Slot& slot);

    Disk& disk_;
    BlockConfiguration configuration_{};
    std::array<char, serial_limit> serial_{};
    Queue queue_{queue_size_limit};
    std::array<Slot, queue_size_limit> slots_{};
    std::optional<Submission> submission_;
    std::array<Segment, DiskRequest::segment_limit> segments_; ///< of the submission
    std::array<SectorRange, range_limit> ranges_;              ///< the same
    std::size_t range_count_ = 0;
    std::uint64_t generation_of_tokens_ = 0; ///< so that no answer is taken for another request's
    std::uint64_t handed_over_ = 0;          ///< sectors, in this round
    bool working_ = false;
    Done done_;
};

}
