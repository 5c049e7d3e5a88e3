// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "monitors/machine/sbi_call.hpp"

/// The extensions without a state of their own, each in the file of its name: sbi_base.cpp and so on.
namespace machine::extension {

Answer base(std::uint64_t function, std::uint64_t argument);
/// Whether an extension is there.
bool offered(std::uint64_t extension);
Outcome time(const Call& call, const Surroundings& around);
Outcome ipi(const Call& call, const Surroundings& around);
Outcome remote_fence(const Call& call, const Surroundings& around);
Outcome system_reset(const Call& call);
Outcome debug_console(const Call& call, const Surroundings& around);
/// Extensions 0 to 8; the function number does not count.
Outcome legacy(const Call& call, const Surroundings& around);

/// All harts, as a set.
inline std::uint64_t all_harts(const Surroundings& around) {
    return ~std::uint64_t{0} >> (64 - around.harts);
}
/// The harts that a mask names (SBI "Hart list parameter"); nothing if there is no such hart.
inline std::optional<std::uint64_t> named_harts(const Surroundings& around, std::uint64_t mask, std::uint64_t base) {
    if (base == ~std::uint64_t{0})
        return all_harts(around);
    if (mask == 0)
        return 0;
    if (base >= around.harts || (mask & ~(all_harts(around) >> base)) != 0)
        return {};
    return mask << base;
}
void send_ipis(const Surroundings& around, std::uint64_t harts);

}
