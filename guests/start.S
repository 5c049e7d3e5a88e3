// SPDX-License-Identifier: Apache-2.0
// First instructions of guests in C++, for every hart: a0 = hart id, a1 = argument, as SBI HSM hart_start and our
// monitors have it. Gives each of up to 8 harts a stack and the trap vector, and calls guest_main(hart, argument).
// A trap saves every register in a Trap on that stack and calls guest_trap(Trap&), which may change all of them.

    .section .text.start, "ax"
    .globl start
start:
    la      t0, trap_entry
    csrw    stvec, t0
    la      sp, stacks
    addi    t0, a0, 1
    slli    t0, t0, 13
    add     sp, sp, t0
    call    guest_main
    li      a0, 0
    call    shut_down

    .macro registers do
    .irp n, 1,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    \do     x\n, 8 * \n(sp)
    .endr
    .endm

    .text
    .balign 4
trap_entry:
    addi    sp, sp, -272
    registers sd
    csrr    t0, sepc
    sd      t0, 256(sp)
    mv      a0, sp
    call    guest_trap
    ld      t0, 256(sp)
    csrw    sepc, t0
    registers ld
    addi    sp, sp, 272
    sret

    .section .bss
    .balign 16
stacks: .skip 8 << 13
