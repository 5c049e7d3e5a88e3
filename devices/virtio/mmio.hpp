// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>

#include "devices/device.hpp"
#include "devices/virtio/model.hpp"

namespace devices::virtio {

/// "Device Status Field".
namespace status {
inline constexpr std::uint32_t acknowledge = 1, driver = 2, driver_ok = 4, features_ok = 8, device_needs_reset = 64,
                               failed = 128;
}

/// The registers of a device: virtio 1.2, "MMIO Device Register Layout". A write that is not due in the device's state
/// has no effect, nor has one of another width than 32 bits outside the configuration space, where such reads give 0.
class Mmio final : public Device, private Transport {
  public:
    static constexpr std::uint64_t window_bytes = 0x1000;

    /// The registers of `model`, which must outlive them and has no others.
    Mmio(Model& model, InterruptLine line);

    std::uint64_t read(std::uint64_t offset, unsigned width) override;
    void write(std::uint64_t offset, unsigned width, std::uint64_t value) override;

    /// What `read` gives, of all registers in words of 32 bits, for a guest that loads them from memory without an
    /// exit: no read has an effect.
    struct alignas(window_bytes) Page {
        std::array<std::uint32_t, window_bytes / 4> words{};
    };
    const Page& page() const { return *page_; }

    /// Whether there are buffers that were not worked on yet because one access takes bounded time only. The owner then
    /// calls `poll` soon, as long as it says that there is still more: between two, other work can be done.
    bool more_to_do() const { return model_.more_to_do(); }
    bool poll() { return model_.poll(); }

    /// Whether a reset waits for what a disk is still doing. Status reads nonzero until then, and drivers that go on
    /// without waiting for zero are ignored; so an owner does better to let the guest's hart wait in its write.
    bool resetting();
    /// Whether the driver did something wrong, after which the device does nothing until it is reset.
    bool awaits_reset() const { return status_ & status::device_needs_reset; }

  private:
    enum class Register : std::uint64_t;

    std::uint32_t read_register(Register which);
    void write_register(Register which, std::uint32_t value);
    std::uint64_t read_configuration(std::uint64_t offset, unsigned width) const;
    void write_configuration(std::uint64_t offset, unsigned width, std::uint64_t value);
    void write_queue(Register which, std::uint32_t value);
    void write_queue_ready(bool ready);
    void write_status(std::uint32_t value);
    void write_driver_features(std::uint32_t value);
    void reset();
    void finish_reset();
    void show(Register which);
    void show_all();
    void show_configuration();
    bool features_acceptable() const;
    std::uint64_t offered() const { return model_.offered() | feature::common; }
    Queue* selected();
    void raise(std::uint32_t events);

    void buffers_used() override;
    void configuration_changed() override;
    void queue_ended() override;
    void needs_reset() override;

    Model& model_;
    InterruptLine line_;
    std::uint32_t status_ = 0, interrupt_status_ = 0;
    std::uint32_t device_features_sel_ = 0, driver_features_sel_ = 0, queue_sel_ = 0;
    std::uint64_t driver_features_ = 0;
    bool resetting_ = false;
    std::unique_ptr<Page> page_ = std::make_unique<Page>();
    std::array<QueueLayout, Model::queue_count_limit> layouts_{}; ///< as the driver writes them
};

}
