// SPDX-License-Identifier: Apache-2.0
#include "monitors/machine/trace.hpp"

#include <algorithm>
#include <limits>
#include <new>

#include "base/match.hpp"
#include "sdk/system_call.hpp"

namespace machine {

namespace {

using control::ExitKind;
using control::TraceKind;

/// What an exit is about: its kind, and an address or an SBI extension.
struct Subject {
    ExitKind kind;
    std::uint64_t address = 0;
};

Subject subject(sdk::Exit& exit) {
    return match(
        exit,
        [](const sdk::SbiCall& call) { return Subject{ExitKind::Sbi, static_cast<std::uint64_t>(call.extension)}; },
        [](const sdk::MmioAccess& access) { return Subject{ExitKind::Mmio, access.address.value}; },
        [](const sdk::GuestPageFault& fault) { return Subject{ExitKind::PageFault, fault.address.value}; },
        [](const sdk::Kicked&) { return Subject{ExitKind::Kick}; },
        [](const sdk::VirtualInstruction&) { return Subject{ExitKind::Other}; },
        [](const sdk::Exception&) { return Subject{ExitKind::Other}; },
        [](const sdk::SystemCall&) { return Subject{ExitKind::Other}; },
        [](const sdk::Unexpected&) { return Subject{ExitKind::Other}; },
        [](const sdk::Gone&) { return Subject{ExitKind::Other}; });
}

control::TraceRecord at_once(TraceKind kind, unsigned hart, std::uint64_t address, std::uint64_t value) {
    return {sdk::now(), 0, static_cast<std::uint8_t>(kind), 0, static_cast<std::uint8_t>(hart), 0, address, value};
}

}

void TracedExit::begin(sdk::Exit& exit, unsigned hart, std::uint64_t pc) {
    const Subject about = subject(exit);
    record_ = at_once(TraceKind::Exit, hart, about.address, pc);
    record_.exit = static_cast<std::uint8_t>(about.kind);
}

void TracedExit::end() {
    constexpr std::uint64_t longest = std::numeric_limits<std::uint32_t>::max();
    record_.duration_ticks = static_cast<std::uint32_t>(std::min(sdk::now() - record_.begin_ticks, longest));
    writer_->add(record_);
}

/// A virtio device's line rises when it has used buffers ("Used Buffer Notification Suppression": not for all of them).
void TracedDevices::trace_level(std::uint32_t source, bool high) {
    if (source >= high_.size() || high_[source] == high)
        return;
    high_[source] = high;
    if (!high)
        return;
    writer_->add(at_once(TraceKind::Interrupt, 0, 0, source));
    for (std::size_t slot = 0; slot < map::virtio_slots; ++slot)
        if (map::virtio_interrupt(slot) == source)
            writer_->add(at_once(TraceKind::VirtioCompletion, 0, map::virtio(slot).first.value, 0));
}

void TracedDevices::trace_store(GuestPhysical window, std::uint64_t offset, unsigned hart, std::uint64_t value) {
    constexpr std::uint64_t queue_notify = 0x50; // "MMIO Device Register Layout"
    for (std::size_t slot = 0; slot < map::virtio_slots; ++slot)
        if (map::virtio(slot).first == window && offset == queue_notify)
            writer_->add(at_once(TraceKind::VirtioNotify, hart, window.value, value));
}

bool Trace::begin(unsigned harts, const sdk::Event& event, std::uint64_t bits) {
    while (writers_.size() < harts + 1) {
        std::unique_ptr<TraceWriter> writer{new (std::nothrow_t{}) TraceWriter{event, bits}};
        if (!writer)
            return false;
        writers_.push_back(std::move(writer));
    }
    for (const auto& writer : writers_)
        writer->ring().discard();
    return on_ = true;
}

std::size_t Trace::take(std::span<control::TraceRecord> to) {
    for (std::size_t tries = 0; tries < writers_.size(); ++tries) {
        next_ = (next_ + 1) % writers_.size();
        if (const std::size_t count = writers_[next_]->ring().take(to))
            return count;
    }
    return 0;
}

std::uint64_t Trace::left() {
    std::array<control::TraceRecord, 16> records;
    std::uint64_t sum = 0;
    while (const std::size_t count = take(records))
        sum += count;
    for (const auto& writer : writers_)
        sum += writer->ring().take_lost();
    return sum;
}

}
