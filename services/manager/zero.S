// SPDX-License-Identifier: Apache-2.0
// A guest in VS-mode, without translation, that zeroes the memory from a0 to a1, a multiple of eight blocks of a2 bytes,
// and then calls its firmware. It runs wherever it is put.

    .section .rodata
    .globl zero_guest, zero_guest_end
    .balign 4
zero_guest:
    .option push
    .option arch, +zicboz
1:  add     t0, a0, a2
    add     t1, t0, a2
    add     t2, t1, a2
    add     t3, t2, a2
    add     t4, t3, a2
    add     t5, t4, a2
    add     t6, t5, a2
    cbo.zero (a0)
    cbo.zero (t0)
    cbo.zero (t1)
    cbo.zero (t2)
    cbo.zero (t3)
    cbo.zero (t4)
    cbo.zero (t5)
    cbo.zero (t6)
    add     a0, t6, a2
    bltu    a0, a1, 1b
    ecall
    .option pop
zero_guest_end:
