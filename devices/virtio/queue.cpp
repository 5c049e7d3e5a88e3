// SPDX-License-Identifier: Apache-2.0
#include "devices/virtio/queue.hpp"

#include <bit>

#include "devices/virtio/feature.hpp"

namespace devices::virtio {

namespace {

// Descriptor flags.
constexpr std::uint16_t descriptor_next = 1, descriptor_write = 2, descriptor_indirect = 4;
constexpr std::uint32_t descriptor_bytes = 16;
// Both rings: flags, index, then the elements, then the other side's event index.
constexpr std::uint32_t ring_index = 2, ring_elements = 4;
constexpr std::uint32_t available_bytes = 2, used_bytes = 8;
constexpr std::uint16_t available_no_interrupt = 1;

}

bool Queue::possible(const QueueLayout& layout) const {
    const std::uint32_t size = layout.size;
    return std::has_single_bit(size) && size <= limit_ && aligned(layout.descriptors.value, 16) &&
           aligned(layout.driver.value, 2) && aligned(layout.device.value, 4) &&
           ram_->contains(layout.descriptors, descriptor_bytes * size) &&
           ram_->contains(layout.driver, ring_elements + available_bytes * size + 2) &&
           ram_->contains(layout.device, ring_elements + used_bytes * size + 2);
}

bool Queue::start(const GuestRam& ram, const QueueLayout& layout, std::uint64_t features) {
    reset();
    ram_ = &ram;
    if (!possible(layout)) {
        fail(QueueError::Layout);
        return false;
    }
    layout_ = layout;
    size_ = static_cast<std::uint16_t>(layout.size);
    event_idx_ = features & feature::event_idx;
    indirect_ = features & feature::indirect_desc;
    next_ = seen_ = used_ = signalled_ = 0;
    running_ = true;
    return true;
}

void Queue::stop() {
    running_ = false;
}

void Queue::reset() {
    running_ = false;
    error_.reset();
    taken_.reset();
    in_flight_ = 0;
}

void Queue::fail(QueueError error) {
    running_ = false;
    if (!error_)
        error_ = error;
}

/// Looks how far the driver is.
void Queue::look() {
    seen_ = ram_->load<std::uint16_t>(driver_at(ring_index)).value_or(seen_);
    if (static_cast<std::uint16_t>(seen_ - next_) > size_)
        fail(QueueError::IndexAhead);
}

bool Queue::available() {
    if (seen_ == next_)
        look();
    if (seen_ == next_ && event_idx_) {
        ram_->store(device_at(ring_elements + used_bytes * size_), next_); // avail_event: notify us of that one
        // The driver stores its index and then loads avail_event; we do the reverse. With a full fence on both sides,
        // either it sees that we want to be notified, or we see its buffer.
        std::atomic_thread_fence(std::memory_order_seq_cst);
        look();
    }
    return running_ && seen_ != next_;
}

std::optional<Chain> Queue::take() {
    if (!running_ || !available())
        return {};
    const std::uint32_t slot = next_ & (size_ - 1u);
    const auto head = ram_->read<std::uint16_t>(driver_at(ring_elements + available_bytes * slot));
    if (!head || *head >= size_ || taken_[*head]) {
        fail(QueueError::BadHead);
        return {};
    }
    if (const auto error = walk(*head)) {
        fail(*error);
        return {};
    }
    ++next_;
    ++in_flight_;
    taken_[*head] = true;
    const std::span<const Segment> all{segments_.data(), segment_count_};
    return Chain{*head, all.first(readable_count_), all.subspan(readable_count_)};
}

/// Reads a chain into `segments_`. A descriptor that leads to an indirect table is not one of the chain's own.
std::optional<QueueError> Queue::walk(std::uint16_t head) {
    segment_count_ = readable_count_ = 0;
    Table table{layout_.descriptors, size_};
    bool writable = false, inside = false;
    std::uint32_t index = head;
    for (std::uint32_t count = 0; count < size_;) {
        if (index >= table.entries)
            return QueueError::BadNext;
        const auto next = descriptor(table, index);
        if (!next)
            return QueueError::OutsideRam;
        if (next->flags & descriptor_indirect) {
            if (inside)
                return QueueError::BadIndirect;
            if (const auto error = enter_indirect(*next, table))
                return error;
            inside = true; // so this happens once, and the loop ends
            index = 0;
            continue;
        }
        if (writable && !(next->flags & descriptor_write))
            return QueueError::ReadableAfterWritable;
        writable = next->flags & descriptor_write;
        if (const auto error = add(*next))
            return error;
        if (!(next->flags & descriptor_next))
            return {};
        index = next->next;
        ++count;
    }
    return QueueError::ChainTooLong;
}

std::optional<Queue::Descriptor> Queue::descriptor(const Table& table, std::uint32_t index) const {
    const auto address = table.first.plus(std::uint64_t{descriptor_bytes} * index);
    return address ? ram_->read<Descriptor>(*address) : std::nullopt;
}

std::optional<QueueError> Queue::add(const Descriptor& descriptor) {
    static_assert(sizeof(Descriptor) == descriptor_bytes && sizeof(UsedElement) == used_bytes);
    if (descriptor.length == 0)
        return {}; // a buffer without a byte is nowhere
    if (!ram_->contains({descriptor.address}, descriptor.length))
        return QueueError::OutsideRam;
    segments_[segment_count_++] = {{descriptor.address}, descriptor.length};
    if (!(descriptor.flags & descriptor_write))
        readable_count_ = segment_count_;
    return {};
}

/// The descriptor's own write flag means nothing ("Indirect Descriptors").
std::optional<QueueError> Queue::enter_indirect(const Descriptor& descriptor, Table& table) const {
    if (!indirect_ || (descriptor.flags & descriptor_next) || descriptor.length == 0 ||
        descriptor.length % descriptor_bytes != 0)
        return QueueError::BadIndirect;
    if (!ram_->contains({descriptor.address}, descriptor.length))
        return QueueError::OutsideRam;
    table = {{descriptor.address}, descriptor.length / descriptor_bytes};
    return {};
}

void Queue::give_back(std::uint16_t head, std::uint32_t written) {
    if (head >= queue_size_limit || !taken_[head])
        return;
    taken_[head] = false;
    --in_flight_;
    if (!running_)
        return;
    const std::uint32_t slot = used_ & (size_ - 1u);
    ram_->write(device_at(ring_elements + used_bytes * slot), UsedElement{head, written});
    ++used_;
    ram_->store(device_at(ring_index), used_); // after the element, which the driver reads when it sees the index
}

bool Queue::interrupt_due() {
    const auto given_back = static_cast<std::uint16_t>(used_ - signalled_);
    if (!running_ || given_back == 0)
        return false;
    signalled_ = used_;
    // We stored the index and load what the driver wants; the driver does the reverse. With a full fence on both sides,
    // either we see that it wants an interrupt, or it sees the buffer.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (!event_idx_)
        return !(ram_->load<std::uint16_t>(driver_at(0)).value_or(0) & available_no_interrupt);
    const auto used_event = ram_->load<std::uint16_t>(driver_at(ring_elements + available_bytes * size_)).value_or(0);
    return static_cast<std::uint16_t>(used_ - used_event - 1) < given_back;
}

}
