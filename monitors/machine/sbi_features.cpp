// SPDX-License-Identifier: Apache-2.0
#include "monitors/machine/sbi_features.hpp"

#include "monitors/machine/isa.hpp"

namespace machine {

namespace {

using sbi::Error;

// Fields of henvcfg (norm:henvcfg_*).
constexpr std::uint64_t dirty_update = std::uint64_t{1} << 61, double_trap = std::uint64_t{1} << 59;
constexpr unsigned pointer_masking_shift = 32;
constexpr std::uint64_t pointer_masking = std::uint64_t{3} << pointer_masking_shift;

enum Id : std::uint32_t { // SBI FWFT, "FWFT Feature Types"
    MisalignedDelegation,
    LandingPad,
    ShadowStack,
    DoubleTrap,
    PteAdHardwareUpdating,
    PointerMaskingLength,
    FirstReserved,
};

std::optional<std::uint64_t> encode_update(std::uint64_t value, std::uint64_t) {
    if (value > 1)
        return {};
    return value * dirty_update;
}
std::uint64_t decode_update(std::uint64_t environment) {
    return (environment & dirty_update) != 0;
}

// PMM: 2 masks 7 bits, 3 masks 16. A hart need not have both; which it has is known of the one that it answered all
// ones with.
constexpr std::uint64_t masks_7 = std::uint64_t{2} << pointer_masking_shift, masks_16 = pointer_masking;
std::optional<std::uint64_t> encode_length(std::uint64_t value, std::uint64_t offered) {
    if (value == 0)
        return 0;
    if (value == 7 && (offered & pointer_masking) == masks_7)
        return masks_7;
    if (value == 16 && (offered & pointer_masking) == masks_16)
        return masks_16;
    return {};
}
std::uint64_t decode_length(std::uint64_t environment) {
    switch (environment & pointer_masking) {
    case masks_7: return 7;
    case masks_16: return 16;
    default: return 0;
    }
}

bool announced(std::string_view extensions, std::string_view name) {
    while (!extensions.empty())
        if (next_extension(extensions) == name)
            return true;
    return false;
}

}

const std::array<FirmwareFeatures::Feature, 2> FirmwareFeatures::features{{
    {PteAdHardwareUpdating, dirty_update, encode_update, decode_update},
    {PointerMaskingLength, pointer_masking, encode_length, decode_length},
}};

/// A guest that is told of Svade takes page faults until it asks for better. One that is not is told of Svadu alone, or
/// of neither: it may rely on hardware that updates (device-tree binding riscv/extensions.yaml, svadu).
FirmwareFeatures::FirmwareFeatures(std::uint64_t offered, std::string_view extensions, Platform& platform)
    : offered_{offered}, initial_{offered & ~(pointer_masking | double_trap)}, platform_{platform} {
    if (announced(extensions, "svade"))
        initial_ &= ~dirty_update;
}

/// Not here: landing pads and shadow stacks (docs/decisions/guests-have-no-cfi.md); double traps, which the guest is
/// not told of; and the delegation of misaligned accesses, which the host's own firmware decides and does not tell.
std::expected<const FirmwareFeatures::Feature*, Error> FirmwareFeatures::find(std::uint32_t id) const {
    if (id >= FirstReserved)
        return std::unexpected{Error::Denied};
    for (const Feature& feature : features)
        if (feature.id == id && (offered_ & feature.mask) != 0)
            return &feature;
    return std::unexpected{Error::NotSupported};
}

Answer FirmwareFeatures::set(const Call& call) {
    constexpr std::uint64_t lock = 1;
    const auto feature = find(call.word(0));
    if (!feature)
        return {feature.error()};
    const auto [id, mask, encode, decode] = **feature;
    const std::uint64_t value = call.arguments[1], flags = call.arguments[2];
    const auto field = encode(value, offered_);
    if (!field || (flags & ~lock) != 0)
        return {Error::InvalidParameter};
    Hart& hart = harts_[call.hart];
    if ((hart.environment & mask) != *field) {
        if ((hart.locked & mask) != 0)
            return {Error::DeniedLocked};
        hart.environment = (hart.environment & ~mask) | *field;
        platform_.set_environment(call.hart, hart.environment);
    }
    if ((flags & lock) != 0)
        hart.locked |= mask;
    return {Error::Success};
}

Answer FirmwareFeatures::get(const Call& call) const {
    const auto feature = find(call.word(0));
    if (!feature)
        return {feature.error()};
    return {Error::Success, (*feature)->decode(harts_[call.hart].environment)};
}

Outcome FirmwareFeatures::call(const Call& call) {
    enum : std::uint64_t { Set, Get };
    switch (call.function) {
    case Set: return set(call);
    case Get: return get(call);
    default: return Answer{Error::NotSupported};
    }
}

}
