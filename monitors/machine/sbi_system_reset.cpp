// SPDX-License-Identifier: Apache-2.0
// SBI SRST: power off and reboot.
#include "monitors/machine/sbi_extensions.hpp"

namespace machine::extension {

Outcome system_reset(const Call& call) {
    constexpr std::uint64_t reset = 0;
    enum Type : std::uint32_t { Shutdown, ColdReboot, WarmReboot };
    enum Reason : std::uint32_t { None, SystemFailure };
    if (call.function != reset)
        return Answer{sbi::Error::NotSupported};
    const std::uint32_t type = call.word(0), reason = call.word(1);
    // All others are reserved, or specific to platforms and implementations other than this.
    if (type > WarmReboot || reason > SystemFailure)
        return Answer{sbi::Error::InvalidParameter};
    if (type == Shutdown)
        return PowerOff{reason == None};
    return Reboot{}; // warm is as cold: nothing outlives either
}

}
