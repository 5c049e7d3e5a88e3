// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/primitives/measure.hpp"

/// Reads from the first virtio block device, each waited for in WFI until its interrupt; whether there is one. Counted
/// by `instret`, since time also passes while the device works: with QEMU's -icount that wants sleep=on, since else an
/// idle machine's time runs away.
bool block_reads(const Meter& meter);
