// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "monitors/machine/debugger.hpp"
#include "monitors/machine/host_console.hpp"
#include "sdk/mapping.hpp"

namespace machine {

/// Where a debugger reaches the machine: a virtio console of the host that the manifest has given to it.
class DebugPort {
  public:
    /// The first such device; null if there is none. What comes raises `bits` of `event`.
    static std::unique_ptr<DebugPort> find(Machine& machine, const sdk::Event& event, std::uint64_t bits);

    /// Takes what has come.
    void interrupt();
    Debugger& debugger() { return debugger_; }

  private:
    DebugPort(Machine& machine, sdk::Device device, sdk::Mapping mapping)
        : device_{std::move(device)}, mapping_{std::move(mapping)},
          debugger_{machine, [this](std::span<const std::byte> bytes) { (void)console_->write(bytes); }} {}

    sdk::Device device_;
    sdk::Mapping mapping_;
    std::optional<HostConsole> console_; ///< refers to both
    Debugger debugger_;
};

}
