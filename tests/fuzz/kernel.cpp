// SPDX-License-Identifier: Apache-2.0
// A kernel's file from anywhere: what is accepted lies where the monitor can put it, and its entry within.
#include "cli/kernel_image.hpp"

#include "base/machine_layout.hpp"
#include "tests/fuzz/input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto image = kernel_image::read({reinterpret_cast<const char*>(data), size});
    if (!image) {
        fuzz::must(!image.error().empty() && image.error().find('\n') == std::string::npos);
        return 0;
    }
    constexpr std::uint64_t most = 1 << 30;
    fuzz::must(!image->bytes.empty() && image->bytes.size() <= image->memory && image->memory <= most);
    fuzz::must(image->address >= machine_layout::ram_base.value &&
               image->address <= machine_layout::ram_base.value + most);
    fuzz::must(image->entry >= image->address && image->entry - image->address < image->memory);
    return 0;
}
