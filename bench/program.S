// SPDX-License-Identifier: Apache-2.0
// A program without a kernel: tells how many instructions have run (instret in a0) by a system call, again and again.

    .section .text.start, "ax"
    .globl start
start:
    rdinstret a0
1:  ecall
    j       1b
