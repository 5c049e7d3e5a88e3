// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/primitives/measure.hpp"
#include "bench/primitives/platform.hpp"
#include "guests/guest.hpp"

inline void set_timer(const Platform& platform, std::uint64_t deadline) {
    if (platform.sstc)
        write_csr<csr::stimecmp>(deadline);
    else
        bare_call(sbi::Extension::Time, 0, deadline);
}
/// Waits as an idle machine does.
void wait_until(const Platform& platform, std::uint64_t ticks);

/// Does what the command line asks for, if that is about machines beside one another, and powers the machine off:
/// `count-idle` counts the host's instructions while all others wait, `wake-up` and `wake-up-long` how late it is
/// woken, `wait` says that it waits, and does so until it is ended, `busy` keeps the hart busy, with exits of all
/// kinds, and `come-and-go` ends, to be started again, for two seconds.
void be_a_neighbour(const Platform& platform);
