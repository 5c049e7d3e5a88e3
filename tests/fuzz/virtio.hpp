// SPDX-License-Identifier: Apache-2.0
#pragma once

// A guest that does what the fuzzer's input says, against one virtio device. Some acts are well-formed, so that the
// input gets deep; others are not. What must hold whatever a guest does is checked after each act.

#include <bit>

#include "devices/virtio/queue_driver.hpp"
#include "tests/fuzz/input.hpp"

namespace fuzz {

using namespace devices;
using namespace devices::virtio;
using namespace devices::virtio::test;

class Guest;

/// The device's other side, and what only its kind has.
class Kind {
  public:
    virtual ~Kind() = default;
    /// Adds a request that the device understands, or nearly.
    virtual void request(Guest& guest, Input& input) = 0;
    /// Something happens on the host.
    virtual void host(Input& input) = 0;
    /// Lets end what is under way, so that the device can let go.
    virtual void end() {}
    unsigned calls = 0; ///< by the device to its other side, during one act
};

class Guest {
  public:
    /// Most calls to the other side for one queue in one act.
    Guest(Input& input, const Ram& memory, Model& model, Kind& kind, unsigned calls_limit)
        : input_{input}, memory_{memory}, model_{model}, kind_{kind}, calls_limit_{calls_limit} {}

    void play() {
        // A guest with tame rings puts no buffer over them and writes indices as a driver does: then they can be
        // judged.
        tame_ = input_.next() & 1;
        bring_up();
        for (unsigned acts = 0; acts < 2000 && !input_.empty(); ++acts) {
            const bool broken = mmio_.awaits_reset();
            reset_ = false;
            kind_.calls = 0;
            act();
            must(!broken || reset_ || mmio_.awaits_reset());
            check();
        }
        kind_.end();
        write(Status, 4, 0);
        must(registers_.get(Status) == 0);
        must(!line_.high);
        must(!mmio_.more_to_do());
    }

    /// Any place for a buffer, in RAM or, now and then, not.
    Buffer buffer(bool writable) {
        const auto choice = input_.next();
        const std::uint32_t length = choice < 32 ? input_.next<std::uint16_t>() : choice;
        const std::uint64_t offset = input_.next<std::uint16_t>();
        if (tame_ || choice % 16 != 0)
            return {Ram::buffer(offset), length, writable};
        return {Ram::at(offset * 8 - 64), length * (choice % 32 == 0 ? 0x10001 : 1), writable};
    }
    std::vector<Buffer> some_buffers(bool writable) {
        std::vector<Buffer> result(input_.next() % 6);
        for (Buffer& each : result)
            each = buffer(writable);
        return result;
    }
    void add(unsigned queue, const std::vector<Buffer>& buffers) {
        if (buffers.empty() || buffers.size() > drivers_[queue].size())
            return;
        const bool table = !tame_ && input_.next() % 4 == 0;
        const std::uint16_t head =
            table ? drivers_[queue].indirect_chain(Ram::buffer(0x1'8000), buffers) : drivers_[queue].chain(buffers);
        drivers_[queue].make_available(head);
        if (input_.next() % 4 != 0)
            write(QueueNotify, 4, queue);
    }
    const Ram& memory() const { return memory_; }

  private:
    void act() {
        const unsigned queue = input_.next() % static_cast<unsigned>(drivers_.size());
        switch (input_.next() % 16) {
        case 0:
            write(input_.below(0x120), input_.next() & 4 ? 4 : 1u << input_.next() % 4, input_.next<std::uint64_t>());
            break;
        case 1: (void)mmio_.read(input_.below(0xff8), 1u << input_.next() % 4); break;
        case 2: scribble(); break;
        case 3: descriptor(queue); break;
        case 4: drivers_[queue].make_available(input_.next()); break;
        case 5: mixed_chain(queue); break;
        case 6:
        case 7: write(QueueNotify, 4, queue); break;
        case 8: (void)mmio_.poll(); break;
        case 9: write(InterruptACK, 4, input_.next()); break;
        case 10: events(queue); break;
        case 11:
        case 12: kind_.host(input_); break;
        case 13:
            if (input_.next() % 8 == 0)
                bring_up();
            [[fallthrough]];
        default: kind_.request(*this, input_);
        }
    }

    void write(std::uint64_t offset, unsigned width, std::uint64_t value) {
        if (tame_ && offset >= QueueSize && offset < Config && offset != QueueNotify && offset != InterruptACK &&
            offset != Status)
            return; // rings stay where they are
        reset_ = reset_ || (offset == Status && width == 4 && static_cast<std::uint32_t>(value) == 0);
        mmio_.write(offset, width, value);
    }

    void bring_up() {
        kind_.end();
        kind_.calls = 0;
        reset_ = true;
        const std::string zeroes(Ram::buffers, '\0');
        memory_.put(Ram::base, zeroes);
        const unsigned size_bits = input_.next() % std::bit_width(model_.queues()[0].limit());
        const std::uint64_t features = (input_.next<std::uint64_t>() & registers_.offered()) | feature::version_1;
        must(registers_.negotiate(features));
        drivers_.clear();
        for (unsigned index = 0; index < model_.queues().size(); ++index) {
            drivers_.emplace_back(memory_, index, static_cast<std::uint16_t>(1u << size_bits));
            registers_.place(index, drivers_.back().layout());
        }
        registers_.drive();
        must(registers_.get(Status) == 15);
    }

    void scribble() {
        const std::uint64_t offset = (tame_ ? Ram::buffers : 0) + input_.next<std::uint16_t>() * (tame_ ? 1u : 4u);
        memory_.put(Ram::at(offset), input_.text(1 + input_.next() % 64));
    }

    void descriptor(unsigned queue) {
        const Buffer place = buffer(false);
        drivers_[queue].descriptor(input_.next() % drivers_[queue].size(), place.address, place.length,
                                   input_.next() % (tame_ ? 4 : 8), input_.next());
    }

    void mixed_chain(unsigned queue) {
        std::vector<Buffer> all = some_buffers(false);
        for (const Buffer& each : some_buffers(true))
            all.push_back(each);
        add(queue, all);
    }

    void events(unsigned queue) {
        drivers_[queue].set_used_event(input_.next());
        drivers_[queue].set_available_flags(input_.next());
    }

    void check() {
        must(line_.high == (registers_.get(InterruptStatus) != 0));
        must(kind_.calls <= calls_limit_ * model_.queues().size());
        for (unsigned index = 0; index < drivers_.size(); ++index) {
            const Queue& queue = model_.queues()[index];
            must(queue.in_flight() <= queue_size_limit && (!mmio_.awaits_reset() || !queue.running()));
            const QueueDriver& driver = drivers_[index];
            const auto left = static_cast<std::uint16_t>(driver.available_index() - driver.used_index());
            // Fewer than 2000 acts do not make so many available: more would mean that the used index is ahead.
            must(!tame_ || !queue.running() || left < 0x8000);
        }
    }

    Input& input_;
    const Ram& memory_;
    Model& model_;
    Kind& kind_;
    unsigned calls_limit_;
    Line line_;
    Mmio mmio_{model_, line_.line()};
    Registers registers_{mmio_};
    std::vector<QueueDriver> drivers_;
    bool tame_ = false, reset_ = false;
};

}
