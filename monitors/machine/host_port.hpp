// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "monitors/machine/host_console.hpp"
#include "sdk/mapping.hpp"

namespace machine {

/// A virtio console of the host that the manifest's `devices` has given to the machine, with what its driver needs.
class HostPort {
  public:
    /// All of them, in the order of the manifest.
    static std::vector<std::unique_ptr<HostPort>> open_all();

    HostConsole& console() { return *console_; }
    abi::Result<void> bind_interrupt(const sdk::Event& event, std::uint64_t bits) const {
        return device_.bind_interrupt(0, event, bits);
    }

  private:
    HostPort(sdk::Device device, sdk::Mapping mapping) : device_{std::move(device)}, mapping_{std::move(mapping)} {}
    sdk::Device device_;
    sdk::Mapping mapping_;
    std::optional<HostConsole> console_; ///< refers to both
};

}
