// SPDX-License-Identifier: Apache-2.0
// SBI TIME. The nucleus answers set_timer itself; here is what else there may be.
#include "monitors/machine/sbi_extensions.hpp"

namespace machine::extension {

Outcome time(const Call& call, const Surroundings& around) {
    constexpr std::uint64_t set_timer = 0;
    if (call.function != set_timer)
        return Answer{sbi::Error::NotSupported};
    around.events.count(call.hart, FirmwareEvent::SetTimer);
    around.platform.set_timer(call.hart, call.arguments[0]);
    return Answer{sbi::Error::Success};
}

}
