// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "monitors/machine/sbi_call.hpp"

namespace machine {

/// SBI FWFT: what a hart's kernel may change of its privileged architecture. Here that is whether hardware updates the
/// A and D bits of its page tables, where the host can do that.
class FirmwareFeatures {
  public:
    /// `offered` is the henvcfg that the host gives guests, `extensions` what the guest is told of its harts.
    FirmwareFeatures(std::uint64_t offered, std::string_view extensions, Platform& platform);

    /// A hart is reset.
    void reset(unsigned hart) { harts_[hart] = {updating_at_reset_, false}; }
    Outcome call(const Call& call);
    /// What henvcfg is to be.
    std::uint64_t environment(unsigned hart) const;

  private:
    struct Hart {
        bool updating, locked;
    };
    sbi::Error find(std::uint32_t id) const;
    sbi::Error set(const Call& call);
    Answer get(const Call& call) const;

    std::uint64_t offered_;
    bool updating_at_reset_;
    Platform& platform_;
    std::array<Hart, map::hart_limit> harts_{};
};

}
