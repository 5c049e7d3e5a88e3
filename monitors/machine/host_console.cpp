// SPDX-License-Identifier: Apache-2.0
#include "monitors/machine/host_console.hpp"

#include <algorithm>
#include <cstring>

namespace machine {

namespace {

constexpr std::uint32_t console_device = 3;
constexpr int patience = 100'000'000;

}

abi::Result<HostConsole> HostConsole::open(const sdk::Device& device, std::span<std::byte> dma, HostPhysical address) {
    if (dma.size() < sizeof(Dma))
        return std::unexpected{abi::Error::BadArgument};
    HostConsole console{device, dma, address};
    if (!console.start(dma))
        return std::unexpected{abi::Error::Unsupported};
    return console;
}

bool HostConsole::start(std::span<std::byte> dma) {
    using namespace sdk::virtio;
    constexpr std::uint64_t version_1 = std::uint64_t{1} << Transport::version_1_feature;
    if (!transport_.begin(console_device, version_1, version_1))
        return false;
    dma_ = new (dma.data()) Dma{};
    for (const std::uint32_t queue : {receive, transmit}) {
        Ring<2>& ring = dma_->rings[queue];
        const std::uint16_t flags = queue == receive ? device_writes_flag : std::uint16_t{0};
        ring.descriptors[0] = {transport_.address(dma_->buffers[queue].data()), 0, flags, 0};
        ring.available_flags = queue == receive ? std::uint16_t{0} : no_interrupt_flag; // whoever writes waits
        if (!transport_.set_up(queue, ring))
            return false;
    }
    transport_.go();
    offer(receive, buffer_bytes);
    return true;
}

/// Gives the queue's one buffer to the device.
void HostConsole::offer(std::uint32_t queue, std::size_t bytes) const {
    dma_->rings[queue].descriptors[0].bytes = static_cast<std::uint32_t>(bytes);
    dma_->rings[queue].offer(0);
    transport_.notify(queue);
}

std::size_t HostConsole::read(std::span<std::byte> to) {
    const auto& ring = dma_->rings[receive];
    if (ring.given_back() == received_)
        return 0;
    const std::size_t there = std::min<std::size_t>(ring.used[received_ % ring.used.size()].bytes, buffer_bytes);
    const std::size_t count = std::min(to.size(), there - std::min(taken_, there));
    std::memcpy(to.data(), dma_->buffers[receive].data() + taken_, count);
    taken_ += count;
    if (taken_ >= there) {
        taken_ = 0;
        ++received_;
        offer(receive, buffer_bytes);
    }
    return count;
}

bool HostConsole::write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const auto piece = bytes.first(std::min(bytes.size(), buffer_bytes));
        std::memcpy(dma_->buffers[transmit].data(), piece.data(), piece.size());
        offer(transmit, piece.size());
        for (int tries = 0; dma_->rings[transmit].given_back() == sent_; ++tries)
            if (tries == patience)
                return false;
        ++sent_;
        bytes = bytes.subspan(piece.size());
    }
    return true;
}

void HostConsole::acknowledge() const {
    transport_.take_interrupt();
    device_->acknowledge_interrupt(0);
}

}
