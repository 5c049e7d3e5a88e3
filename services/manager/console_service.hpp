// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>

#include "sdk/event.hpp"
#include "sdk/frames.hpp"
#include "services/console/manager_link.hpp"
#include "services/manager/instance.hpp"

/// The console service, as the manager sees it: a process of its own with the host's serial port and control channel.
class ConsoleService {
  public:
    /// Starts it, if the bundle has its program. It gets what no machine has been given. Its end raises `end_bits`
    /// of `event`, a message from it `message_bits`.
    ConsoleService(Bundle& bundle, const Host& host, std::span<const host_devices::Device> devices,
                   std::span<const std::unique_ptr<Instance>> instances, Memories& memories, const sdk::Event& event,
                   std::uint64_t end_bits, std::uint64_t message_bits);

    /// Whether this system has one at all; and whether it runs at this moment.
    bool exists() const { return !plan_.program.all().empty(); }
    bool there() const { return machine_.has_value(); }

    enum class Change : std::uint8_t { None, Ended, Began };
    /// Sees whether its process has ended, and starts the next one when that is due.
    Change look();
    std::uint64_t next_deadline() const { return due_; }

    /// Whether the host has a device for the control channel, and its name.
    bool reachable() const { return !control_device_.empty(); }
    /// Whether it is the service's.
    bool owns(std::string_view device) const;
    /// An event that machines raise bits of to have it look at their consoles.
    abi::Handle event() const { return event_.slot(); }
    abi::Result<std::uint64_t> grant(abi::Handle handle, abi::Rights rights) const;

    void tell(manager_link::Type type, std::span<const std::byte> payload, std::span<const std::byte> more = {}) {
        out_.add(manager_link::frame_type(type), 0, payload, more);
    }
    void tell(manager_link::Type type, std::size_t slot, std::string_view text = {});
    frames::Queue& out() { return out_; }
    std::optional<frames::Frame> next() { return reader_.next(); }
    /// Sends what there is room for.
    void send();
    /// Before waiting: whether there is something to do already.
    bool arm();
    /// Whether its process has ended.
    bool ended() const;
    void reclaim();

  private:
    abi::Result<void> start();
    std::uint64_t delay();
    void choose_devices(std::span<const host_devices::Device> devices,
                        std::span<const std::unique_ptr<Instance>> instances, Plan& plan);

    const Host& host_;
    Memories& memories_;
    Wiring wiring_; ///< but for the channel's memory
    std::uint64_t manager_event_, end_bits_;
    Plan plan_;
    std::uint64_t began_ = 0, due_ = sdk::no_deadline, delay_seconds_ = 0;
    std::string_view control_device_;
    std::vector<std::string_view> owned_;
    sdk::Event event_;
    Ram::Pages link_pages_;
    sdk::Mapping link_;
    sdk::Channel channel_;
    frames::Reader reader_{channel_};
    frames::Queue out_{frames::Queue::To::Program};
    std::optional<Machine> machine_;
};
