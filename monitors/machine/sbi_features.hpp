// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "monitors/machine/sbi_call.hpp"

namespace machine {

/// SBI FWFT: what a hart's kernel may change of its privileged architecture, as bits of henvcfg.
class FirmwareFeatures {
  public:
    /// `offered` is the henvcfg that the host gives guests, `extensions` what the guest is told of its harts.
    FirmwareFeatures(std::uint64_t offered, std::string_view extensions, Platform& platform);

    /// A hart is reset.
    void reset(unsigned hart) { harts_[hart] = {initial_, {}}; }
    Outcome call(const Call& call);
    /// What henvcfg is to be.
    std::uint64_t environment(unsigned hart) const { return harts_[hart].environment; }

  private:
    /// A feature that there is here: a field of henvcfg, and what its values are called.
    struct Feature {
        std::uint32_t id;
        std::uint64_t mask;
        /// The field for a value; nothing if there is no such value.
        std::optional<std::uint64_t> (*encode)(std::uint64_t value, std::uint64_t offered);
        std::uint64_t (*decode)(std::uint64_t environment);
    };
    struct Hart {
        std::uint64_t environment;
        std::uint64_t locked; ///< bits of henvcfg
    };
    static const std::array<Feature, 2> features;

    std::expected<const Feature*, sbi::Error> find(std::uint32_t id) const;
    Answer set(const Call& call);
    Answer get(const Call& call) const;

    std::uint64_t offered_, initial_;
    Platform& platform_;
    std::array<Hart, map::hart_limit> harts_{};
};

}
