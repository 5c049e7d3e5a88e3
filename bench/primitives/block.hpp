// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/primitives/measure.hpp"

/// Reads from the first virtio block device, each waited for in WFI until its interrupt; whether there is one. Counted
/// by `instret`, since time also passes while the device works: with QEMU's -icount that wants sleep=on, since else an
/// idle machine's time runs away. A read that is finished before it is waited for costs no interrupt, so the disk is to
/// be slower than that.
bool block_reads(const Meter& meter);
/// So many reads of 4 KiB and nothing else; whether there is a disk, and it could be read.
bool repeat_reads(const Platform& platform, std::uint64_t count);
