// SPDX-License-Identifier: Apache-2.0
// What the manager asks of the monitor: to pause the machine, to ask its guest to power off, to tell what it has done.
#include <algorithm>
#include <utility>

#include "base/control_frames.hpp"
#include "monitors/machine/machine.hpp"
#include "sdk/channel.hpp"
#include "sdk/manager.hpp"
#include "sdk/time.hpp"

namespace machine {

void Machine::take_orders() {
    while (const auto message = sdk::manager::take_order())
        switch (message->order) {
        case sdk::manager::Order::Pause: pause(); break;
        case sdk::manager::Order::Resume: resume(); break;
        case sdk::manager::Order::PowerButton:
            power_keys_ = 0;
            power_deadline_ = sdk::now();
            break;
        case sdk::manager::Order::Stats: report_stats(); break;
        case sdk::manager::Order::Resize:
            if (devices::virtio::Console* console = virtio_.console())
                console->resize(message->size.columns, message->size.rows);
            break;
        }
    if (sdk::manager::arm())
        event_.signal(sdk::channel_bits::control);
}

void Machine::pause() {
    pause_asked_ = true;
    if (std::exchange(paused_, true))
        return;
    paused_since_ = sdk::now();
    hold(Holder::Control, Gate::all);
}

void Machine::resume() {
    if (std::exchange(paused_, false)) {
        lost_ticks_ += sdk::now() - paused_since_;
        release(Holder::Control, Gate::all);
    }
    pause_asked_ = false;
    sdk::manager::report(sdk::manager::Report::Resumed);
}

/// When all harts rest the machine is paused.
void Machine::report_pause() {
    if (!pause_asked_ || !gate_.resting(static_cast<Gate::Harts>((1u << harts_.size()) - 1)))
        return;
    pause_asked_ = false;
    sdk::manager::report(sdk::manager::Report::Paused);
}

void Machine::report_stats() {
    sdk::manager::Stats stats{};
    stats.cpus = harts_.size();
    for (std::size_t i = 0; i < std::min(harts_.size(), stats.vcpus.size()); ++i) {
        harts_[i]->interrupt(0, 0); // has the nucleus count up to now; for the next time, if it is elsewhere
        stats.vcpus[i] = harts_[i]->stats();
    }
    sdk::manager::report(sdk::manager::Report::Stats, control::bytes_of(stats));
}

/// The guest's power button: the keys on its console by which Linux, whatever runs on it, writes its disks, takes them
/// away from everybody, and powers off (Documentation/admin-guide/sysrq.rst; on a virtio console, Ctrl-O is the key).
/// What each begins takes its time.
void Machine::press_power() {
    if (power_deadline_ > sdk::now())
        return;
    constexpr std::string_view keys = "suo";
    constexpr std::uint64_t seconds_between = 2;
    power_deadline_ = sdk::no_deadline;
    devices::virtio::Console* console = virtio_.console();
    if (power_keys_ == keys.size() || !console || !console->port_open(0))
        return;
    const char key[]{'\x0f', keys[power_keys_++]};
    (void)console->receive(0, std::as_bytes(std::span{key}));
    if (virtio_.more_to_do())
        event_.signal(work_bit);
    power_deadline_ = sdk::now() + seconds_between * sdk::ticks_per_second();
}

}
