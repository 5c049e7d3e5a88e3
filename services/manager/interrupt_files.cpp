// SPDX-License-Identifier: Apache-2.0
#include "services/manager/interrupt_files.hpp"

#include <bit>

#include "abi/boot.hpp"
#include "services/manager/memories.hpp"

InterruptFiles::InterruptFiles() {
    for (std::uint64_t hart = 0; hart < sdk::system_info(abi::SystemFact::Harts); ++hart)
        free_.push_back((std::uint64_t{1} << range_info(abi::boot::first_file + hart, 1)) - 1); // at most 63
}

std::optional<InterruptFiles::File> InterruptFiles::take(std::uint64_t hart) {
    if (hart >= free_.size() || free_[hart] == 0)
        return {};
    const File file{hart, static_cast<std::uint64_t>(std::countr_zero(free_[hart]))};
    free_[hart] &= free_[hart] - 1;
    return file;
}

abi::Result<sdk::Handle> InterruptFiles::handle(File file) const {
    const auto slot = sdk::call(abi::Call::RangeSplit, abi::boot::first_file + file.hart, file.index, 1);
    if (!slot)
        return std::unexpected{slot.error()};
    return sdk::Handle{*slot};
}
