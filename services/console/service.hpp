// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <optional>

#include "base/control_frames.hpp"
#include "sdk/channel.hpp"
#include "sdk/device.hpp"
#include "sdk/event.hpp"
#include "sdk/mapping.hpp"
#include "services/console/control_port.hpp"
#include "services/console/host_uart.hpp"
#include "services/console/screen.hpp"
#include "services/console/sessions.hpp"

/// The console service: between the machines' consoles on one side, and the host's serial port and control channel on
/// the other; and between that channel and the manager.
class Service {
  public:
    Service();
    [[noreturn]] void run();

    /// Bits of the service's event. A machine raises the bit of its slot, modulo 32.
    static constexpr std::uint64_t machine_bits = 0xffff'ffff;
    static constexpr std::uint64_t uart_bit = std::uint64_t{1} << 40, port_bit = std::uint64_t{1} << 41;

  private:
    void open_devices();
    bool hear_manager();
    void hear(const frames::Frame& frame);
    void define(const manager_link::Machine& machine);
    void forget(std::size_t slot);
    void say(const manager_link::Slot& slot, std::string_view text);
    void flush();
    bool hear_host();
    bool show_output();
    bool type();
    bool send();
    bool armed();
    void tell(manager_link::Type type, std::span<const std::byte> payload = {});

    sdk::Event event_;
    sdk::Mapping link_memory_, dma_;
    sdk::Channel link_;
    frames::Reader from_manager_{link_};
    std::unique_ptr<control::Decoder::Storage> storage_ = std::make_unique<control::Decoder::Storage>();
    control::Decoder from_host_{*storage_};
    std::optional<sdk::Device> uart_device_, port_device_;
    std::optional<HostUart> uart_;
    std::optional<ControlPort> port_;
    MachineConsoles machines_;
    Slots due_ = 0; ///< in which a machine may have something to say
    std::array<std::unique_ptr<MachineConsole>, manager_link::slot_limit> retired_; ///< of slots that may be used again
    std::array<abi::Handle, manager_link::slot_limit> wakers_{};                    ///< the monitors' events
    std::vector<sdk::Mapping> memories_;
    Screen screen_;
    Sessions sessions_;
    std::vector<std::byte> typed_; ///< at the serial port; nobody has taken it yet
    bool unannounced_;             ///< the host takes this for the console service that was before
    bool port_interrupted_ = true, uart_interrupted_ = true;
};
