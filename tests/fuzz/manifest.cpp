// SPDX-License-Identifier: Apache-2.0
// A bundle's device tree from anywhere: what is accepted is in range.
#include <cstdlib>

#include "services/manager/manifest.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto manifest = bundle_manifest::read(std::as_bytes(std::span{data, size}));
    if (!manifest)
        return 0;
    for (const bundle_manifest::Machine& machine : manifest->machines)
        if (machine.name.empty() || machine.name.size() > 31 || machine.cpus == 0 || machine.cpus > 8 ||
            machine.memory % 4096 != 0 || machine.memory == 0 || machine.priority == 0 || machine.priority > 255 ||
            machine.device_count > bundle_manifest::Machine::device_limit || machine.share == 0 ||
            machine.share > 10000 || machine.restart > 2 || machine.backoff == 0 || machine.backoff > 3600 ||
            machine.autostart > 1 || machine.after_count > bundle_manifest::Machine::after_limit)
            std::abort();
    return 0;
}
