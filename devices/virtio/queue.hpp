// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitset>
#include <vector>

#include "devices/guest_ram.hpp"

namespace devices::virtio {

/// The most descriptors that any queue can have, and that a chain can; and that most have.
inline constexpr std::uint16_t queue_size_limit = 512, usual_queue_size = 256;

/// What a driver did with a queue that makes it unusable.
enum class QueueError : std::uint8_t {
    Layout = 1,   ///< a size that is not a power of two up to the limit; a ring that is misaligned or not in RAM
    IndexAhead,   ///< more buffers made available than the queue has descriptors
    BadHead,      ///< a chain begins at no descriptor, or at one that the device still has
    BadNext,      ///< a chain goes on at no descriptor
    ChainTooLong, ///< more descriptors than the queue has, as in a loop
    OutsideRam,   ///< a buffer or a descriptor that is not RAM
    ReadableAfterWritable, ///< which the order of a chain forbids
    BadIndirect, ///< a table that is empty, or no multiple of 16 bytes, or nested, or not negotiated, or not the end
    BadRequest,  ///< a chain that leaves the device no place for its answer
};

/// Where a driver put a queue (virtio 1.2, "Split Virtqueues"), as it wrote it: not checked yet.
struct QueueLayout {
    std::uint32_t size = 0;
    GuestPhysical descriptors; ///< "Descriptor Area"
    GuestPhysical driver;      ///< "Driver Area": the available ring
    GuestPhysical device;      ///< "Device Area": the used ring

    friend bool operator==(const QueueLayout&, const QueueLayout&) = default;
};

/// A buffer that the driver made available: all of it is RAM, and no segment is empty.
struct Chain {
    std::uint16_t head;                ///< its name, to give it back by
    std::span<const Segment> readable; ///< by the device
    std::span<const Segment> writable; ///< by the device
};

/// The device's side of a split virtqueue. Descriptors are read once, by copy. The first thing that is wrong stops the
/// queue for good: then there are no more chains, nothing more is written to the rings, and `error` says why.
class Queue {
  public:
    /// With at most `limit` descriptors, a power of two up to queue_size_limit.
    explicit Queue(std::uint16_t limit = usual_queue_size) : limit_{limit}, segments_(limit) {}

    /// Begins with `layout` and the negotiated `features`; false and `error` if the layout is not possible. `ram` must
    /// outlive the queue. Only for a queue that is not `ready`.
    bool start(const GuestRam& ram, const QueueLayout& layout, std::uint64_t features);
    /// From now on there are no more chains, and those given back are only counted.
    void stop();
    /// Forgets an error too. The device must have given all chains back.
    void reset();

    /// Whether chains can be taken.
    bool running() const { return running_; }
    /// Whether it runs or the device still has chains of it: QueueReady.
    bool ready() const { return running_ || in_flight_ != 0; }
    std::uint16_t limit() const { return limit_; }
    std::uint16_t size() const { return size_; }
    /// The chains that were taken and not given back, at most `size`.
    std::uint16_t in_flight() const { return in_flight_; }
    std::optional<QueueError> error() const { return error_; }
    /// Stops the queue because of `error`.
    void fail(QueueError error);

    /// The next available buffer, which the device then has until it gives it back; its segments are valid until the
    /// next `take`. Nothing if there is none: then the driver will notify of the next one. Nothing after an error.
    /// A driver can make buffers available for ever, so callers bound how often they ask.
    std::optional<Chain> take();
    /// Gives the buffer `head` back, of which the first `written` writable bytes have been written.
    void give_back(std::uint16_t head, std::uint32_t written);
    /// Whether the driver wants to be interrupted for what was given back since it was asked this last.
    bool interrupt_due();

  private:
    struct Descriptor {
        std::uint64_t address;
        std::uint32_t length;
        std::uint16_t flags;
        std::uint16_t next;
    };
    struct UsedElement {
        std::uint32_t id;
        std::uint32_t length;
    };
    struct Table {
        GuestPhysical first;
        std::uint32_t entries;
    };

    bool possible(const QueueLayout& layout) const;
    bool available();
    void look();
    std::optional<QueueError> walk(std::uint16_t head);
    std::optional<Descriptor> descriptor(const Table& table, std::uint32_t index) const;
    std::optional<QueueError> add(const Descriptor& descriptor);
    std::optional<QueueError> enter_indirect(const Descriptor& descriptor, Table& table) const;
    GuestPhysical driver_at(std::uint32_t offset) const { return {layout_.driver.value + offset}; }
    GuestPhysical device_at(std::uint32_t offset) const { return {layout_.device.value + offset}; }

    const GuestRam* ram_ = nullptr;
    QueueLayout layout_;
    std::uint16_t limit_, size_ = 0;
    bool event_idx_ = false, indirect_ = false, running_ = false;
    std::uint16_t next_ = 0;      ///< free-running index of the next buffer to take
    std::uint16_t seen_ = 0;      ///< the driver's index when we looked last
    std::uint16_t used_ = 0;      ///< free-running index of the next used element
    std::uint16_t signalled_ = 0; ///< `used_` when the driver was last considered for an interrupt
    std::uint16_t in_flight_ = 0;
    std::bitset<queue_size_limit> taken_; ///< by head
    std::optional<QueueError> error_;
    std::size_t segment_count_ = 0, readable_count_ = 0;
    std::vector<Segment> segments_; ///< of the chain taken last, the readable ones first
};

}
