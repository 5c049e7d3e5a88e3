// SPDX-License-Identifier: Apache-2.0
// SBI 0.1, which teaching kernels still call: extensions 0 to 8. Answers in a0 alone.
#include "monitors/machine/sbi_extensions.hpp"

namespace machine::extension {

namespace {

using sbi::Extension;

/// The harts of the bit vector at a guest-virtual address, of one word, as there are at most 64 harts; without an
/// address all of them. Bits beyond the last hart are no part of the vector.
std::expected<std::uint64_t, Fault> harts_at(const Call& call, const Surroundings& around) {
    const std::uint64_t address = call.arguments[0];
    if (address == 0)
        return all_harts(around);
    const auto mask = around.platform.load_guest_virtual(call.hart, address);
    if (!mask)
        return std::unexpected{Fault{mask.error(), address}};
    return *mask & all_harts(around);
}

Outcome set_timer(const Call& call, const Surroundings& around) {
    around.events.count(call.hart, FirmwareEvent::SetTimer);
    around.platform.set_timer(call.hart, call.arguments[0]);
    return LegacyAnswer{0};
}

Outcome put_character(const Call& call, const Surroundings& around) {
    const std::byte byte{static_cast<unsigned char>(call.arguments[0])};
    around.platform.console_write({&byte, 1});
    return LegacyAnswer{0};
}

Outcome get_character(const Surroundings& around) {
    constexpr std::uint64_t none = ~std::uint64_t{0};
    std::byte byte{};
    const std::size_t count = around.platform.console_read({&byte, 1});
    return LegacyAnswer{count == 0 ? none : static_cast<std::uint64_t>(byte)};
}

Outcome send_ipi(const Call& call, const Surroundings& around) {
    const auto harts = harts_at(call, around);
    if (!harts)
        return harts.error();
    around.events.count(call.hart, FirmwareEvent::IpiSent);
    send_ipis(around, *harts);
    return LegacyAnswer{0};
}

Outcome fence(const Call& call, const Surroundings& around) {
    const auto harts = harts_at(call, around);
    if (!harts)
        return harts.error();
    around.events.count(call.hart, FirmwareEvent::RemoteFence);
    if (*harts != 0)
        around.platform.remote_fence();
    return LegacyAnswer{0};
}

}

Outcome legacy(const Call& call, const Surroundings& around) {
    switch (call.extension) {
    case Extension::LegacySetTimer: return set_timer(call, around);
    case Extension::LegacyConsolePutchar: return put_character(call, around);
    case Extension::LegacyConsoleGetchar: return get_character(around);
    case Extension::LegacyClearIpi: return LegacyAnswer{around.platform.clear_ipi(call.hart)};
    case Extension::LegacySendIpi: return send_ipi(call, around);
    case Extension::LegacyRemoteFenceI:
    case Extension::LegacyRemoteSfenceVma:
    case Extension::LegacyRemoteSfenceVmaAsid: return fence(call, around);
    case Extension::LegacyShutdown: return PowerOff{true};
    default: return Answer{sbi::Error::NotSupported};
    }
}

}
