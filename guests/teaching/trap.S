// SPDX-License-Identifier: Apache-2.0
// The door between kernel and programs. C++ calls `enter` with a0 = Context of a process; the process then runs in user
// mode until something happens (a system call, a fault, the timer), which brings the hart to `leave`; and `enter`
// returns. While a process runs, stvec points at `leave` and sscratch holds its Context. In the kernel stvec points at
// `fault_in_kernel` and interrupts are off: a trap there is a bug.
//
// To switch to another process is to `enter` another Context: nothing else of a process is in the hart, but satp.

    .equ    context_pc, 256                 // process.hpp
    .equ    context_stack, 264

    .macro user_registers do                // all but x0, and but a0, which holds the Context
    .irp n, 1,2,3,4,5,6,7,8,9,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    \do     x\n, 8 * \n(a0)
    .endr
    .endm

    .macro kernel_registers do              // those that a called function keeps
    .irp n, 1,3,4,8,9,18,19,20,21,22,23,24,25,26,27
    \do     x\n, 8 * \n(sp)
    .endr
    .endm

    .text
    .globl enter, fault_in_kernel
enter:
    addi    sp, sp, -224
    kernel_registers sd
    sd      sp, context_stack(a0)
    csrw    sscratch, a0
    la      t0, leave
    csrw    stvec, t0
    ld      t0, context_pc(a0)
    csrw    sepc, t0
    user_registers ld
    ld      a0, 8 * 10(a0)
    sret                                    // to user mode: sstatus.SPP is 0

    .balign 4
leave:
    csrrw   a0, sscratch, a0
    user_registers sd
    csrr    t0, sscratch
    sd      t0, 8 * 10(a0)
    csrr    t0, sepc
    sd      t0, context_pc(a0)
    la      t0, fault_in_kernel
    csrw    stvec, t0
    ld      sp, context_stack(a0)
    kernel_registers ld
    addi    sp, sp, 224
    ret

    .balign 4
fault_in_kernel:
    csrr    a0, scause
    csrr    a1, stval
    csrr    a2, sepc
    tail    kernel_fault
