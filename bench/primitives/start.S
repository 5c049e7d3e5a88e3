// SPDX-License-Identifier: Apache-2.0
// The head of a RISC-V Image (Linux, Documentation/arch/riscv/boot-image-header.rst), and the first instructions of each
// hart. The boot hart comes with a0 = its id and a1 = the device tree; the time of its first instruction is passed on as
// a2. A loader that puts the image elsewhere than it is linked for has it copied there first. Other harts come by
// SBI HSM hart_start with a1 = their index in `harts`.
//
// In C++ code sscratch holds the hart's entry of `harts` (primitives/hart.hpp), whose offsets stand here too.

#include "bench/primitives/layout.h"

    .section .text.start, "ax"
    .globl image_start
image_start:
    .option push
    .option norvc
    j       first_hart
    .option pop
    .balign 8
    .dword  0x200000                // text_offset
    .dword  image_bytes
    .dword  0                       // flags: little-endian
    .word   2                       // version 0.2
    .word   0
    .dword  0
    .ascii  "RISCV\0\0\0"
    .ascii  "RSC\x05"
    .word   0

first_hart:
    rdtime  a2
    lla     t0, image_start
    lla     t1, linked_at
    ld      t1, 0(t1)
    beq     t0, t1, 2f
    lla     t2, image_end
    mv      t3, t1
1:  ld      t4, 0(t0)
    sd      t4, 0(t3)
    addi    t0, t0, 8
    addi    t3, t3, 8
    bltu    t0, t2, 1b
    fence.i
    lla     t0, image_start
    lla     t2, 2f
    sub     t2, t2, t0
    add     t2, t2, t1
    jr      t2
2:  lla     t0, harts
    call    set_up_hart
    mv      s0, a0
    call    bench_main
3:  wfi
    j       3b

    .globl next_hart
next_hart:
    lla     t0, harts
    li      t1, HART_BYTES
    mul     t1, t1, a1
    add     t0, t0, t1
    call    set_up_hart
    mv      a0, a1
    call    next_hart_main
    j       3b

// t0 = the hart's entry. Keeps a0 to a2.
set_up_hart:
    csrw    sscratch, t0
    li      t1, HART_STACK_TOP
    add     sp, t0, t1
    lla     t1, trap_entry
    csrw    stvec, t1
    ret

// Interrupts are counted and seen to with as few instructions as can be; an exception is counted and its instruction, of
// four bytes, skipped.
    .balign 4
trap_entry:
    csrrw   t0, sscratch, t0
    sd      t1, HART_SAVED(t0)
other_trap:
    csrr    t1, scause
    bgez    t1, 4f
    slli    t1, t1, 1
    addi    t1, t1, -2              // 1, supervisor software interrupt, without the highest bit, twice
    bnez    t1, 3f
    csrci   sip, 2
taken:
    ld      t1, HART_IPIS(t0)
    addi    t1, t1, 1
    sd      t1, HART_IPIS(t0)
2:  ld      t1, HART_SAVED(t0)
    csrrw   t0, sscratch, t0
    sret
3:  li      t1, 1 << 5              // the timer: it stays silent until somebody wants it again
    csrc    sie, t1
    ld      t1, HART_TIMER(t0)
    addi    t1, t1, 1
    sd      t1, HART_TIMER(t0)
    j       2b
4:  csrr    t1, sepc
    addi    t1, t1, 4
    csrw    sepc, t1
    ld      t1, HART_EXCEPTIONS(t0)
    addi    t1, t1, 1
    sd      t1, HART_EXCEPTIONS(t0)
    j       2b

// The same for a hart whose interrupts are messages: those come first.
    .balign 4
    .globl message_entry
message_entry:
    csrrw   t0, sscratch, t0
    sd      t1, HART_SAVED(t0)
    csrr    t1, scause
    slli    t1, t1, 1
    addi    t1, t1, -18             // 9, supervisor external interrupt
    bnez    t1, other_trap
    csrrw   t1, 0x15c, zero         // stopei: takes it
    j       taken

    .section .data
    .balign 8
linked_at: .dword image_start
