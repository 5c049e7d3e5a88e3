// SPDX-License-Identifier: Apache-2.0
// SBI RFENCE. The nucleus answers what is well-formed itself.
#include "monitors/machine/sbi_extensions.hpp"

namespace machine::extension {

/// A fence here is always one of everything, so that no address and no size is a wrong one. The functions from
/// remote_hfence_gvma_vmid on are for harts with the hypervisor extension, which no hart of a guest has.
Outcome remote_fence(const Call& call, const Surroundings& around) {
    if (call.function > sbi::remote_sfence_vma_asid)
        return Answer{sbi::Error::NotSupported};
    const auto harts = named_harts(around, call.arguments[0], call.arguments[1]);
    if (!harts)
        return Answer{sbi::Error::InvalidParameter};
    around.events.count(call.hart, FirmwareEvent::RemoteFence);
    if (*harts != 0)
        around.platform.remote_fence();
    return Answer{sbi::Error::Success};
}

}
