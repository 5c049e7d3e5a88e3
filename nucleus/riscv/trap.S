// SPDX-License-Identifier: Apache-2.0
// The door between the nucleus and what runs below. C++ calls `enter` with a0 = Registers of a program or a guest;
// hstatus.SPV, sstatus.SPP and stvec (`leave_program` or `leave_guest`) say which. The trap comes back there, and `enter`
// returns with a1 = scause, or TRAP_RESUME for a program's VcpuResume, with a0 = that call's argument.
// While something runs below, sscratch holds the Hart; in the nucleus it is 0 and tp holds the Hart. A trap with 0 there
// is a bug of ours and can never look like an exit. `enter` keeps sp and tp; its caller declares the rest clobbered.
// VcpuResume is to a program what `enter` is here: it keeps sp and tp, and nothing else of the program is saved. What
// is loaded for the rest when it returns is what that same program had there at some earlier trap.

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
    .globl enter, leave_program, leave_guest, fault_in_nucleus, stop
enter:
    sd      ra, HART_RETURN(tp)
    sd      sp, HART_STACK(tp)
    sd      a0, HART_REGISTERS(tp)
    ld      t0, REGISTERS_PC(a0)
    csrw    sepc, t0
    registers ld, a0, 10
    csrw    sscratch, tp                    // late: a fault up to here is still the nucleus's
    ld      tp, REGISTERS_X(4)(a0)
    ld      a0, REGISTERS_X(10)(a0)
    sret

    .balign 4
leave_program:
    csrrw   tp, sscratch, tp
    beqz    tp, fault
    sd      t1, HART_SCRATCH(tp)
    csrr    t1, scause
    addi    t1, t1, -TRAP_USER_CALL
    or      t1, t1, a7
    bnez    t1, save                        // not an ecall with a7 = 0: VcpuResume
    ld      t1, HART_REGISTERS(tp)
    csrrw   t2, sscratch, zero
    sd      sp, REGISTERS_X(2)(t1)
    sd      t2, REGISTERS_X(4)(t1)
    li      a1, TRAP_RESUME
    ld      sp, HART_STACK(tp)
    ld      ra, HART_RETURN(tp)
    ret

    .balign 4
leave_guest:
    csrrw   tp, sscratch, tp
    beqz    tp, fault
    sd      t1, HART_SCRATCH(tp)
save:
    ld      t1, HART_REGISTERS(tp)
    registers sd, t1, 6
    ld      t0, HART_SCRATCH(tp)
    csrrw   t2, sscratch, zero
    csrr    t3, sepc
    sd      t0, REGISTERS_X(6)(t1)
    sd      t2, REGISTERS_X(4)(t1)
    sd      t3, REGISTERS_PC(t1)
    csrr    a1, scause
    ld      sp, HART_STACK(tp)
    ld      ra, HART_RETURN(tp)
    ret

// A trap in the nucleus itself: our bug. Only the first hart that gets here tells; the others stop.
fault:
    csrrw   tp, sscratch, tp
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
    la      sp, panic_stack + PANIC_STACK_BYTES
    call    panic_with

    .balign 4
stop:
    csrw    sie, zero
1:  wfi
    j       1b
