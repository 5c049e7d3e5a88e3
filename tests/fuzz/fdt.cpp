// SPDX-License-Identifier: Apache-2.0
// The host's device tree, as the nucleus and the manager read it.
#include "nucleus/fdt.hpp"
#include "services/manager/host_devices.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto blob = std::as_bytes(std::span{data, size});
    MachineFacts facts;
    (void)read_device_tree(blob, facts);
    (void)host_devices::read(blob);
    return 0;
}
