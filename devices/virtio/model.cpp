// SPDX-License-Identifier: Apache-2.0
#include "devices/virtio/model.hpp"

namespace devices::virtio {

void Model::start(std::uint64_t features) {
    features_ = features;
    live_ = true;
    started();
    for (unsigned index = 0; index < queues().size(); ++index)
        serve(index);
}

void Model::stop() {
    live_ = false;
    for (unsigned index = 0; index < queues().size(); ++index)
        stop_queue(index);
}

void Model::stop_queue(unsigned index) {
    queues()[index].stop();
    more_ &= ~(1u << index);
    stopped(index);
}

bool Model::idle() {
    for (const Queue& queue : queues())
        if (queue.ready())
            return false;
    return true;
}

void Model::serve(unsigned index) {
    Queue& queue = queues()[index];
    more_ &= ~(1u << index);
    if (!live_ || !queue.running())
        return queue.ready() ? void() : transport_->queue_ended();
    if (process(index) && queue.running()) // which another queue may have stopped meanwhile
        more_ |= 1u << index;
    if (queue.error())
        transport_->needs_reset();
    else if (queue.interrupt_due())
        transport_->buffers_used();
}

bool Model::poll() {
    const std::uint32_t before = more_;
    for (unsigned index = 0; index < queues().size(); ++index)
        if (before & (1u << index))
            serve(index);
    return more_to_do();
}

void Model::change_configuration() {
    ++generation_;
    if (transport_)
        transport_->configuration_changed();
}

}
