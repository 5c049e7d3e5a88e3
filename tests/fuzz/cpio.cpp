// SPDX-License-Identifier: Apache-2.0
// A bundle from anywhere.
#include "services/manager/cpio.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    cpio::Reader reader{std::as_bytes(std::span{data, size})};
    unsigned sum = 0; // all of it can be read
    while (const auto member = reader.next())
        for (const std::byte each : member->data)
            sum += static_cast<unsigned>(each);
    asm volatile("" ::"r"(sum));
    return 0;
}
