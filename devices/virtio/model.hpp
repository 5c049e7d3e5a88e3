// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "devices/virtio/feature.hpp"
#include "devices/virtio/queue.hpp"

namespace devices::virtio {

/// How a device reaches its driver.
class Transport {
  public:
    virtual ~Transport() = default;
    /// Buffers were used, and the driver wants to know.
    virtual void buffers_used() = 0;
    virtual void configuration_changed() = 0;
    /// A queue that was stopped earlier has the last of its buffers back.
    virtual void queue_ended() = 0;
    /// The driver did something that the device cannot go on after: DEVICE_NEEDS_RESET.
    virtual void needs_reset() = 0;
};

/// What a kind of device is to its transport: features, configuration space, queues and the work on them. The public
/// part is for the transport; whoever owns a machine speaks to the kinds' own functions, and to the transport.
class Model {
  public:
    virtual ~Model() = default;
    Model(const Model&) = delete;
    Model& operator=(const Model&) = delete;

    /// "Device Types": the subsystem's number.
    virtual std::uint32_t device_id() const = 0;
    /// The kind's own feature bits that it offers.
    virtual std::uint64_t offered() const = 0;
    /// At most queue_count_limit.
    virtual std::span<Queue> queues() = 0;
    /// The configuration space as it is now.
    virtual std::span<const std::byte> configuration() const { return {}; }
    /// The driver writes into the configuration space; any offset and number of bytes.
    virtual void write_configuration(std::uint64_t, std::span<const std::byte>) {}
    /// Differs whenever the configuration space does, but for what the driver wrote itself.
    std::uint32_t generation() const { return generation_; }

    static constexpr unsigned queue_count_limit = 32;

    const GuestRam& ram() const { return ram_; }
    void connect(Transport& transport) { transport_ = &transport; }
    /// DRIVER_OK with these features. Buffers that are there already are served.
    void start(std::uint64_t features);
    /// The driver resets the device, or it must: no queue works any more, and the device forgets what it can. What it
    /// cannot forget yet keeps it from being `idle`.
    void stop();
    /// The same for one queue.
    void stop_queue(unsigned index);
    /// Whether nothing is in flight, so that the guest may have its memory back.
    bool idle();
    /// Works on the available buffers of queue `index`, of which there is at most one round: as many as the queue can
    /// hold. If there are more then, `poll` goes on with them.
    void serve(unsigned index);
    /// One more round for each queue that had more to do. Tells whether there is still more: a guest can go on for
    /// ever, so the caller decides when.
    bool poll();
    bool more_to_do() const { return more_ != 0; }

  protected:
    explicit Model(const GuestRam& ram) : ram_{ram} {}

    bool live() const { return live_; }
    bool negotiated(std::uint64_t bit) const { return features_ & bit; }
    /// After a change of the configuration space: tells the driver.
    void change_configuration();

  private:
    /// Works on queue `index`, which runs: at most as many chains as it has descriptors. Whether there may be more.
    virtual bool process(unsigned index) = 0;
    /// The driver is ready: DRIVER_OK.
    virtual void started() {}
    /// Queue `index` works no more: gives back chains that were kept for later.
    virtual void stopped([[maybe_unused]] unsigned index) {}

    GuestRam ram_;
    Transport* transport_ = nullptr;
    std::uint64_t features_ = 0;
    std::uint32_t generation_ = 0;
    std::uint32_t more_ = 0; ///< one bit for each queue
    bool live_ = false;
};

}
