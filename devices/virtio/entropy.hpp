// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "devices/virtio/model.hpp"

namespace devices::virtio {

/// Where random bytes come from.
class EntropySource {
  public:
    virtual ~EntropySource() = default;
    /// Fills the beginning of `bytes`; tells how many there were, which may be none at this time.
    virtual std::size_t fill(std::span<std::byte> bytes) = 0;
};

/// Random bytes for a guest (virtio 1.2, "Entropy Device"). A request gets at most request_bytes; one for which the
/// source has none waits until `poll` finds some.
class Entropy final : public Model {
  public:
    static constexpr std::size_t request_bytes = 256;

    /// `source` outlives the device.
    Entropy(const GuestRam& ram, EntropySource& source) : Model{ram}, source_{source} {}

    std::uint32_t device_id() const override { return 4; }
    std::uint64_t offered() const override { return 0; }
    std::span<Queue> queues() override { return {&queue_, 1}; }

  private:
    bool process(unsigned) override;
    void stopped(unsigned) override;

    EntropySource& source_;
    Queue queue_;
    std::optional<Chain> waiting_; ///< for the source
};

}
