// SPDX-License-Identifier: Apache-2.0
// Offsets into Hart and constants that the assembly shares with C++; pinned by a static_assert in nucleus/nucleus.hpp.
#pragma once

#define HART_REGISTERS 0
#define HART_STACK 8
#define HART_RETURN 16
#define HART_SCRATCH 24

// What `enter` says: the exception of an ecall from U-mode; and, for VcpuResume, that of an instruction's misaligned
// address, which where there are compressed instructions never comes (unprivileged manual, Unconditional Jumps, NOTE).
#define TRAP_USER_CALL 8
#define TRAP_RESUME 0

#define PANIC_STACK_BYTES 2048

// The window: the last GiB of every address space. The image and the pool behind it lie at its start, in the order of
// their physical addresses.
#define WINDOW 0xffffffffc0000000
#define WINDOW_FDT 0xffffffffe0000000
#define WINDOW_INTERRUPTS 0xfffffffff0000000
