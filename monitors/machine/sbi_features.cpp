// SPDX-License-Identifier: Apache-2.0
#include "monitors/machine/sbi_features.hpp"

#include "monitors/machine/isa.hpp"

namespace machine {

namespace {

using sbi::Error;

// Fields of henvcfg (norm:henvcfg_*).
constexpr std::uint64_t dirty_update = std::uint64_t{1} << 61, double_trap = std::uint64_t{1} << 59;
constexpr std::uint64_t pointer_masking = std::uint64_t{3} << 32;

enum Id : std::uint32_t { // SBI FWFT, "FWFT Feature Types"
    MisalignedDelegation,
    LandingPad,
    ShadowStack,
    DoubleTrap,
    PteAdHardwareUpdating,
    PointerMaskingLength,
    FirstReserved,
};

bool announced(std::string_view extensions, std::string_view name) {
    while (!extensions.empty())
        if (next_extension(extensions) == name)
            return true;
    return false;
}

}

/// A guest that is told of Svade takes page faults until it asks for better. One that is not is told of Svadu alone, or
/// of neither: it may rely on hardware that updates (device-tree binding riscv/extensions.yaml, svadu).
FirmwareFeatures::FirmwareFeatures(std::uint64_t offered, std::string_view extensions, Platform& platform)
    : offered_{offered}, updating_at_reset_{(offered & dirty_update) != 0 && !announced(extensions, "svade")},
      platform_{platform} {}

/// Masking pointers and taking double traps is for guests that know of them: none is told that its harts can do that.
std::uint64_t FirmwareFeatures::environment(unsigned hart) const {
    const std::uint64_t fixed = offered_ & ~(dirty_update | pointer_masking | double_trap);
    return fixed | (harts_[hart].updating ? dirty_update : 0);
}

/// Not here: landing pads and shadow stacks (docs/decisions/guests-have-no-cfi.md); double traps and pointer masking,
/// see above; and the delegation of misaligned accesses, which the host's own firmware decides and does not tell.
Error FirmwareFeatures::find(std::uint32_t id) const {
    if (id >= FirstReserved)
        return Error::Denied;
    if (id != PteAdHardwareUpdating || (offered_ & dirty_update) == 0)
        return Error::NotSupported;
    return Error::Success;
}

Error FirmwareFeatures::set(const Call& call) {
    constexpr std::uint64_t lock = 1;
    if (const Error error = find(call.word(0)); error != Error::Success)
        return error;
    const std::uint64_t value = call.arguments[1], flags = call.arguments[2];
    if (value > 1 || (flags & ~lock) != 0)
        return Error::InvalidParameter;
    Hart& hart = harts_[call.hart];
    if (hart.updating != (value != 0)) { // to set it to what it is always succeeds
        if (hart.locked)
            return Error::DeniedLocked;
        hart.updating = value != 0;
        platform_.set_environment(call.hart, environment(call.hart));
    }
    hart.locked |= (flags & lock) != 0;
    return Error::Success;
}

Answer FirmwareFeatures::get(const Call& call) const {
    if (const Error error = find(call.word(0)); error != Error::Success)
        return {error};
    return {Error::Success, harts_[call.hart].updating};
}

Outcome FirmwareFeatures::call(const Call& call) {
    enum : std::uint64_t { Set, Get };
    switch (call.function) {
    case Set: return Answer{set(call)};
    case Get: return get(call);
    default: return Answer{Error::NotSupported};
    }
}

}
