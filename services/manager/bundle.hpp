// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sdk/mapping.hpp"
#include "services/manager/memories.hpp"
#include "services/manager/plan.hpp"

/// A bundle in memory, mapped: the one that firmware passed on, or one that came over the control channel. Plans that
/// were made of it refer to it.
class Bundle {
  public:
    /// Firmware's; OrComplaint if there is none.
    static OrComplaint<Bundle> of_firmware();
    /// Room for one of that many bytes.
    static abi::Result<Bundle> fresh(Memories& memories, std::uint64_t bytes);
    Bundle(Bundle&&) noexcept = default;

    /// For who fills it.
    std::span<std::byte> bytes() { return mapping_.bytes(); }
    /// Reads its manifest, and checks all that the machines need.
    OrComplaint<std::vector<Plan>> plans(std::span<const host_devices::Device> devices, std::uint64_t free_pages,
                                         std::span<const Plan* const> others);
    /// The program of that name in it; nothing if there is none.
    std::optional<elf::Program> program(std::string_view name);
    abi::Handle memory() const { return handle_ ? handle_.slot() : slot_; }
    /// Gives back its memory; nothing may refer to it any more.
    void reclaim(Memories& memories);

  private:
    Bundle() = default;
    sdk::Handle handle_;
    abi::Handle slot_ = 0; ///< of firmware's
    Ram::Pages pages_;
    sdk::Mapping mapping_;
};
