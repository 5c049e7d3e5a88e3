// SPDX-License-Identifier: Apache-2.0
// SBI IPI. The nucleus answers what is well-formed itself.
#include "monitors/machine/sbi_extensions.hpp"

namespace machine::extension {

void send_ipis(const Surroundings& around, std::uint64_t harts) {
    for (unsigned hart = 0; hart < around.harts; ++hart)
        if ((harts >> hart & 1) != 0)
            around.platform.send_ipi(hart);
}

Outcome ipi(const Call& call, const Surroundings& around) {
    constexpr std::uint64_t send_ipi = 0;
    if (call.function != send_ipi)
        return Answer{sbi::Error::NotSupported};
    const auto harts = named_harts(around, call.arguments[0], call.arguments[1]);
    if (!harts)
        return Answer{sbi::Error::InvalidParameter};
    around.events.count(call.hart, FirmwareEvent::IpiSent);
    send_ipis(around, *harts);
    return Answer{sbi::Error::Success};
}

}
