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
        lose_ticks(sdk::now() - paused_since_);
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
    stats.returned = virtio_.returned_bytes();
    stats.reported = virtio_.reported_bytes();
    stats.disks = virtio_.disk_stats();
    for (std::size_t i = 0; i < std::min(harts_.size(), stats.vcpus.size()); ++i) {
        harts_[i]->interrupt(0, 0); // has the nucleus count up to now; for the next time, if it is elsewhere
        stats.vcpus[i] = harts_[i]->stats();
    }
    sdk::manager::report(sdk::manager::Report::Stats, control::bytes_of(stats));
}

/// The guest's power button: the keys on its console by which Linux, whatever runs on it, writes its disks, takes them
/// away from everybody, and powers off (Documentation/admin-guide/sysrq.rst). What each begins takes its time. Which of
/// the two consoles is the kernel's only the guest knows; so first the one that is in use, and if that has not helped,
/// the other.
void Machine::press_power() {
    if (power_deadline_ > sdk::now())
        return;
    constexpr std::string_view keys = "suo";
    constexpr std::uint64_t seconds_between = 2;
    power_deadline_ = sdk::no_deadline;
    while (power_keys_ < 2 * keys.size()) {
        const bool first = power_keys_ < keys.size();
        if (press(first == console_speaks_, keys[power_keys_++ % keys.size()])) {
            power_deadline_ = sdk::now() + seconds_between * sdk::ticks_per_second();
            return;
        }
    }
}

/// Types a SysRq key: after Ctrl-O on a virtio console, after a break on the serial port. Whether somebody may read it.
bool Machine::press(bool virtio, char key) {
    constexpr char prefix = '\x0f';
    if (!virtio) {
        if (uart_.room() < 2) // no driver has set it up, or none reads it
            return false;
        return uart_.receive_break() && uart_.receive(std::as_bytes(std::span{&key, 1})) == 1;
    }
    devices::virtio::Console* console = virtio_.console();
    if (!console || !console->port_open(0))
        return false;
    const char typed[]{prefix, key};
    (void)console->receive(0, std::as_bytes(std::span{typed}));
    if (virtio_.more_to_do())
        event_.signal(work_bit);
    return true;
}

}
