// SPDX-License-Identifier: Apache-2.0
// The door between the nucleus and everything below it. C++ calls `enter` with a0 = Registers of a program or a guest;
// hstatus.SPV and sstatus.SPP already say which. While that runs, stvec points at `leave` and sscratch holds the Hart;
// the trap comes back there and `enter` returns. In the nucleus tp holds the Hart and stvec points at
// `fault_in_nucleus`, so that a bug of ours can never look like an exit.
//
// `enter` keeps only sp and tp: its caller, which never returns, declares every other register clobbered and so saves
// nothing that it does not need.

#include "abi/layout.h"
#include "nucleus/riscv/layout.h"

    .macro registers do, base, but=0        // all but x0, tp (in sscratch) and the one that holds the base
    .irp n, 1,2,3,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    .if \n != \but
    \do     x\n, REGISTERS_X(\n)(\base)
    .endif
    .endr
    .endm

    .text
    .globl enter, leave, fault_in_nucleus
enter:
    addi    sp, sp, -16
    sd      ra, (sp)
    sd      sp, HART_STACK(tp)
    sd      a0, HART_REGISTERS(tp)
    ld      t0, REGISTERS_PC(a0)
    la      t1, leave
    csrw    sepc, t0
    csrw    stvec, t1                       // before sret, and before any load from Registers below could matter
    ld      tp, REGISTERS_X(4)(a0)
    registers ld, a0, 10
    ld      a0, REGISTERS_X(10)(a0)
    sret

    .balign 4
leave:
    csrrw   tp, sscratch, tp
    sd      a0, HART_SCRATCH(tp)
    ld      a0, HART_REGISTERS(tp)
    registers sd, a0, 10
    ld      t0, HART_SCRATCH(tp)
    csrrw   t1, sscratch, tp
    csrr    t2, sepc
    la      t3, fault_in_nucleus
    sd      t0, REGISTERS_X(10)(a0)
    sd      t1, REGISTERS_X(4)(a0)
    sd      t2, REGISTERS_PC(a0)
    csrw    stvec, t3
    ld      sp, HART_STACK(tp)
    ld      ra, (sp)
    addi    sp, sp, 16
    ret

// A trap in the nucleus itself: our bug. Only the first hart that gets here tells; the others stop.
    .balign 4
fault_in_nucleus:
    csrw    sscratch, t0
    la      t0, panic_stack_pointer
    amoswap.d t0, sp, (t0)
    bnez    t0, stop
    la      sp, panic_frame
    csrr    t0, sscratch
    registers sd, sp
    sd      tp, REGISTERS_X(4)(sp)
    la      t0, stop
    csrw    stvec, t0
    mv      a0, sp
    la      sp, panic_stack_end
    call    panic_with

    .balign 4
    .globl stop
stop:
    csrw    sie, zero
1:  wfi
    j       1b

    .section .bss
    .balign 16
    .globl panic_stack_pointer
panic_stack_pointer: .skip 8
panic_frame: .skip 264
    .balign 16
panic_stack: .skip 2048
panic_stack_end:
