// SPDX-License-Identifier: Apache-2.0
#include "devices/virtio/entropy.hpp"

#include "devices/virtio/cursor.hpp"

namespace devices::virtio {

bool Entropy::process(unsigned) {
    for (unsigned chains = 0; chains < queue_.size(); ++chains) {
        if (!waiting_)
            waiting_ = queue_.take();
        if (!waiting_)
            return false;
        Cursor in{waiting_->writable};
        std::array<std::byte, request_bytes> bytes;
        const auto wanted = std::span{bytes}.first(std::min<std::uint64_t>(in.left(), request_bytes));
        const std::size_t count = wanted.empty() ? 0 : std::min(source_.fill(wanted), wanted.size());
        if (count == 0 && !wanted.empty())
            return true; // the source is dry: ask again
        const std::size_t written = in.write(ram(), wanted.first(count));
        queue_.give_back(waiting_->head, static_cast<std::uint32_t>(written));
        waiting_.reset();
    }
    return true;
}

void Entropy::stopped(unsigned) {
    if (waiting_)
        queue_.give_back(waiting_->head, 0);
    waiting_.reset();
}

}
