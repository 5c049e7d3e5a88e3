// SPDX-License-Identifier: Apache-2.0
// In front of Linux as a guest of KVM: lets user mode read cycle, time and instret, as firmware does elsewhere. QEMU begins
// its KVM guests with none of them (scounteren 0), Linux leaves it so, and its C library's clock_gettime then ends programs.
// The kernel follows where an Image of 2 MiB would end.

    .section .text.start, "ax"
    .globl start
start:
    csrwi   scounteren, 7           // norm:scounteren_op
    lla     t0, start
    li      t1, 0x200000
    add     t0, t0, t1
    jr      t0                      // a0 and a1 as they came
