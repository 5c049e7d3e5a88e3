// SPDX-License-Identifier: Apache-2.0
#include "devices/virtio/balloon.hpp"

#include "base/page.hpp"

namespace devices::virtio {

namespace {

constexpr std::uint64_t must_tell_host = 1 << 0, stats_vq = 1 << 1, deflate_on_oom = 1 << 2, page_reporting = 1 << 5;
/// Page numbers that are read at a time, and those that one call works on.
constexpr std::size_t numbers_a_piece = 256, numbers_a_round = 32 * numbers_a_piece;

/// struct virtio_balloon_stat, packed.
struct [[gnu::packed]] Statistic {
    std::uint16_t tag;
    std::uint64_t value;
};
static_assert(sizeof(Statistic) == 10);

/// The whole pages of a segment; perhaps none.
GuestRange whole_pages(const Segment& segment) {
    const std::uint64_t first = (segment.address.value + page_bytes - 1) & ~(page_bytes - 1);
    const std::uint64_t end = (segment.address.value + segment.bytes) & ~(page_bytes - 1);
    return {{first}, first < end ? end - first : 0};
}

}

std::uint64_t Balloon::offered() const {
    return must_tell_host | stats_vq | deflate_on_oom | page_reporting;
}

void Balloon::set_target(std::uint32_t pages) {
    const std::uint64_t all = ram().range().bytes / page_bytes;
    configuration_.num_pages = static_cast<std::uint32_t>(std::min<std::uint64_t>(pages, all));
    change_configuration();
}

void Balloon::write_configuration(std::uint64_t offset, std::span<const std::byte> bytes) {
    constexpr std::uint64_t first = offsetof(BalloonConfiguration, actual);
    const auto actual = std::as_writable_bytes(std::span{&configuration_.actual, 1});
    if (offset >= first && offset - first < actual.size() && bytes.size() <= actual.size() - (offset - first))
        std::ranges::copy(bytes, actual.begin() + static_cast<std::ptrdiff_t>(offset - first));
}

/// Queues 3 and 4 both take reports: the specification gives free-page hints, which we do not offer, the number 3, but
/// drivers have counted only the queues that there are. So 2 takes them, too, if no statistics were negotiated.
bool Balloon::process(unsigned index) {
    Queue& queue = queues_[index];
    if (index == inflate_queue || index == deflate_queue)
        return move_pages(queue, index);
    if (index == statistics_queue && negotiated(stats_vq))
        return hear_statistics(queue);
    return negotiated(page_reporting) && report(queue);
}

void Balloon::stopped(unsigned index) {
    if (index == statistics_queue && statistics_) {
        queues_[index].give_back(*statistics_, 0);
        statistics_.reset();
    }
    if (index < numbers_.size() && numbers_[index].chain) {
        queues_[index].give_back(numbers_[index].chain->head, 0);
        numbers_[index].chain.reset();
    }
}

bool Balloon::move_pages(Queue& queue, unsigned index) {
    Numbers& numbers = numbers_[index];
    std::size_t done = 0;
    for (unsigned chains = 0; chains < queue.size() && done < numbers_a_round;) {
        if (!numbers.chain) {
            numbers.chain = queue.take();
            if (!numbers.chain)
                return false;
            numbers.rest = Cursor{numbers.chain->readable};
            ++chains;
        }
        const std::size_t count = read_numbers(numbers.rest, index == inflate_queue);
        done += count;
        if (count == 0) {
            queue.give_back(numbers.chain->head, 0);
            numbers.chain.reset();
        }
    }
    return true;
}

/// The next piece of an array of le32 page numbers. Neighbours are told as one range. Tells how many numbers it were.
std::size_t Balloon::read_numbers(Cursor& rest, bool give_up) {
    std::array<std::uint32_t, numbers_a_piece> numbers;
    const std::size_t count = rest.read(ram(), std::as_writable_bytes(std::span{numbers})) / sizeof(numbers[0]);
    GuestRange run{};
    for (const std::uint32_t number : std::span{numbers}.first(count)) {
        const GuestPhysical page{number * page_bytes};
        if (!ram().contains(page, page_bytes)) {
            tell(run, give_up);
            run = {};
        } else if (run.bytes != 0 && page.value == run.first.value + run.bytes) {
            run.bytes += page_bytes;
        } else if (run.bytes != 0 && page.value + page_bytes == run.first.value) {
            run = {page, run.bytes + page_bytes};
        } else {
            tell(run, give_up);
            run = {page, page_bytes};
        }
    }
    tell(run, give_up);
    return count;
}

void Balloon::tell(GuestRange range, bool give_up) {
    if (range.bytes == 0)
        return;
    if (give_up)
        listener_.pages_given_up(range);
    else
        listener_.pages_taken_back(range);
}

/// The driver leaves a buffer with us; the one before has been read.
bool Balloon::hear_statistics(Queue& queue) {
    for (unsigned chains = 0; chains < queue.size(); ++chains) {
        const auto chain = queue.take();
        if (!chain)
            return false;
        read_statistics(*chain);
        if (statistics_)
            queue.give_back(*statistics_, 0); // a driver has one only; so one that has two is not kept from the other
        statistics_ = chain->head;
    }
    return true;
}

void Balloon::read_statistics(const Chain& chain) {
    Cursor out{chain.readable};
    Statistic entry;
    for (unsigned count = 0; count < statistics_limit; ++count) {
        if (out.read(ram(), std::as_writable_bytes(std::span{&entry, 1})) != sizeof(entry))
            return;
        listener_.statistic(entry.tag, entry.value);
    }
}

bool Balloon::request_statistics() {
    if (!live() || !statistics_)
        return false;
    queues_[statistics_queue].give_back(*statistics_, 0);
    statistics_.reset();
    serve(statistics_queue); // which interrupts
    return true;
}

/// The writable segments are the free memory itself.
bool Balloon::report(Queue& queue) {
    for (unsigned chains = 0; chains < queue.size(); ++chains) {
        const auto chain = queue.take();
        if (!chain)
            return false;
        for (const Segment& segment : chain->writable)
            if (const GuestRange pages = whole_pages(segment); pages.bytes != 0)
                listener_.pages_free(pages);
        queue.give_back(chain->head, 0);
    }
    return true;
}

}
