// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "devices/virtio/cursor.hpp"
#include "devices/virtio/model.hpp"

namespace devices::virtio {

/// The configuration space of a balloon (virtio 1.2, "Traditional Memory Balloon Device"). Pages are of 4 KiB.
struct BalloonConfiguration {
    std::uint32_t num_pages; ///< that the guest is to give up
    std::uint32_t actual;    ///< that the guest says it has given up
};

/// Who hears which memory a guest needs. All ranges are whole pages of RAM. A guest may say the same twice, or
/// the contrary of what is so: what it says is about its own memory only.
class BalloonListener {
  public:
    virtual ~BalloonListener() = default;
    /// The guest does not use these pages until it takes them back. Their content is lost.
    virtual void pages_given_up(GuestRange range) = 0;
    /// The guest is about to use these again.
    virtual void pages_taken_back(GuestRange range) = 0;
    /// These are free now: their content may be lost, but the guest may use them at any time from the moment that this
    /// returns, and says nothing then.
    virtual void pages_free(GuestRange range) = 0;
    /// What the guest counts, by the specification's tag ("Memory Statistics Tags").
    virtual void statistic(std::uint16_t tag, std::uint64_t value) = 0;
};

/// Memory that goes to and fro between a guest and the machine's owner.
class Balloon final : public Model {
  public:
    /// Tags of one set of statistics; more are ignored.
    static constexpr unsigned statistics_limit = 32;

    /// `listener` outlives the device.
    Balloon(const GuestRam& ram, BalloonListener& listener) : Model{ram}, listener_{listener} {}

    /// Asks the guest to give up `pages` pages of 4 KiB, altogether; not more than it has.
    void set_target(std::uint32_t pages);
    std::uint32_t target() const { return configuration_.num_pages; }
    /// The pages that the guest says it has given up: anything.
    std::uint32_t actual() const { return configuration_.actual; }
    /// Asks for new statistics. False if the guest cannot be asked now: it does not count, or is still at it.
    bool request_statistics();

    std::uint32_t device_id() const override { return 5; }
    std::uint64_t offered() const override;
    std::span<Queue> queues() override { return queues_; }
    std::span<const std::byte> configuration() const override { return std::as_bytes(std::span{&configuration_, 1}); }
    void write_configuration(std::uint64_t offset, std::span<const std::byte> bytes) override;

  private:
    static constexpr unsigned inflate_queue = 0, deflate_queue = 1, statistics_queue = 2;
    /// A buffer of page numbers whose turn is not over yet.
    struct Numbers {
        std::optional<Chain> chain;
        Cursor rest;
    };

    bool process(unsigned index) override;
    void started() override { configuration_.actual = 0; }
    void stopped(unsigned index) override;

    bool move_pages(Queue& queue, unsigned index);
    std::size_t read_numbers(Cursor& numbers, bool give_up);
    void tell(GuestRange range, bool give_up);
    bool hear_statistics(Queue& queue);
    void read_statistics(const Chain& chain);
    bool report(Queue& queue);

    BalloonListener& listener_;
    BalloonConfiguration configuration_{};
    std::array<Queue, 5> queues_;
    std::array<Numbers, 2> numbers_;          ///< of the inflate and deflate queues
    std::optional<std::uint16_t> statistics_; ///< the buffer that we keep until we want new ones
};

}
