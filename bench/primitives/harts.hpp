// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/primitives/measure.hpp"

/// The machine; other harts come to it.
extern Platform the_platform;

/// What harts do to each other.
void other_harts(const Meter& meter);

/// With the command line `repeat WHAT COUNT`, whether that was done: `ipi-self`, `ipi-other` or `read` (of 4 KiB from
/// the disk) so many times, and nothing else.
bool repeat(const Platform& platform);
