// SPDX-License-Identifier: Apache-2.0
// Firmware jumps to `start` on one hart, at the physical address where it loaded the image, with paging off: a0 = hart
// id, a1 = device tree. `start_hart_entry` is where SBI HSM hart_start brings the others: a0 = hart id, a1 = their Hart, by its
// address in the window. Both turn paging on by letting the first fetch behind the write of satp fault into stvec, which
// already holds an address in the window. Left behind: sp = the hart's stack, tp = its Hart (0 on the boot hart).

#include "nucleus/riscv/layout.h"

    .section .start, "ax"
    .globl start, start_hart_entry
start:
    j       start_boot                      // code0 of the Image header; code1 is unused (Linux boot-image-header.rst)
    .balign 8
image_header:
    .quad   0x200000                        // text_offset: the image is loaded at a multiple of 2 MiB
    .quad   image_bytes                     // image_size, with everything that is zeroed below
    .quad   0                               // flags: little-endian
    .word   2, 0                            // header version 0.2
    .quad   0
    .ascii  "RISCV\0\0\0", "RSC\x05"
    .word   0

start_boot:
    la      t0, starting_hart               // not the first to come here: hart_start of OpenSBI 1.1 lets a hart go before
    ld      t0, (t0)                        // it has noted where to, and then it comes to where the first one went
    beqz    t0, 1f
    mv      a1, t0
    j       start_hart_entry
1:
    mv      s0, a0
    mv      s1, a1
    la      t0, zeroed_begin
    la      t1, zeroed_end
1:  sd      zero, (t0)
    addi    t0, t0, 8
    bltu    t0, t1, 1b

    la      s2, start                       // a first map of the window: 2 MiB pages from the image's address on
    la      t0, boot_window
    srli    t1, s2, 2
    ori     t1, t1, 0xef                    // V R W X G A D
    li      t2, 1 << 19                     // 2 MiB as a difference of page-table entries
    li      t3, 256
2:  sd      t1, (t0)
    add     t1, t1, t2
    addi    t0, t0, 8
    addi    t3, t3, -1
    bnez    t3, 2b
    la      t0, boot_window
    srli    t0, t0, 2
    ori     t0, t0, 1
    la      t1, nucleus_root
    li      t2, 511 * 8
    add     t2, t1, t2
    sd      t0, (t2)

    mv      a0, s0
    mv      a1, s1
    mv      a2, s2
    li      tp, 0
    la      t2, boot_stack_end
    la      t3, boot                        // where to go on
    j       enable_paging

start_hart_entry:
    la      s2, start
    la      t1, nucleus_root
    mv      tp, a1                          // its stack ends where it begins
    li      t4, WINDOW
    sub     t2, a1, t4
    add     t2, t2, s2
    la      t3, run

// s2 = physical start of the image, t1 = root page table, t2 = stack, t3 = code: all physical.
enable_paging:
    li      t4, WINDOW
    sub     t4, t4, s2
    add     sp, t2, t4
    add     t3, t3, t4
    la      t5, in_window
    add     t5, t5, t4
    csrw    stvec, t5
    srli    t1, t1, 12
    li      t0, 8 << 60                     // satp.MODE Sv39
    or      t0, t0, t1
    sfence.vma
    csrw    satp, t0
    nop                                     // never reached: its fetch faults and lands below, in the window
    .balign 4
in_window:
    la      t5, fault_in_nucleus
    csrw    stvec, t5
    jr      t3

    .section .data
    .balign 8
    .globl starting_hart
starting_hart: .quad 0                      // the Hart that is being started

    .section .bss
    .balign 4096
    .globl nucleus_root, boot_window
nucleus_root: .skip 4096
boot_window:  .skip 4096
boot_stack:   .skip 8192
boot_stack_end:
