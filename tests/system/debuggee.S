// SPDX-License-Identifier: Apache-2.0
// The guest of test_debugger.py: two harts that count, with translation on, timer interrupts, and breakpoints of their
// own when they are told to. Power goes off when `finish` is not 0. All of RAM is at its physical address and once more
// at alias = 0xffffffc000000000 + that.

    .option arch, +d
    .text
    .globl start, hart_1, bump, atomic, after_atomic, load, after_load, wait, call_firmware, after_call
start:
    li      a0, 1                       // SBI HSM hart_start(1, hart_1, 0)
    la      a1, hart_1
    li      a2, 0
    li      a6, 0
    li      a7, 0x48534d
    ecall
    li      s0, 0
    la      sp, stack_0
    j       begin
hart_1:
    li      s0, 1
    la      sp, stack_1
begin:
    la      t0, trap
    csrw    stvec, t0
    la      t0, root
    srli    t0, t0, 12
    li      t1, 8 << 60                 // Sv39
    or      t0, t0, t1
    csrw    satp, t0
    sfence.vma
    li      t0, 1 << 13                 // sstatus.FS
    csrs    sstatus, t0
    li      t0, 0x3ff8000000000000      // 1.5
    fmv.d.x fa0, t0
    csrsi   scounteren, 2
    bnez    s0, count                   // hart 0 alone has a timer
    call    set_timer
    li      t0, 1 << 5                  // sie.STIE
    csrw    sie, t0
    csrsi   sstatus, 2                  // SIE
count:
    call    bump
atomic:
    la      a1, shared
1:
    lr.d    t0, (a1)
    addi    t0, t0, 1
    sc.d    t1, t0, (a1)
    bnez    t1, 1b
after_atomic:
    nop
call_firmware:
    li      a7, 0x10                    // SBI BASE get_spec_version: an exit
    li      a6, 0
    ecall
after_call:
    mv      s2, a1
load:
    li      a1, 0x10000005              // the UART's line status: another
    lbu     s3, 0(a1)
after_load:
    ld      t0, own_breakpoints
    beqz    t0, 2f
    ebreak
2:
    beqz    s0, wait                    // hart 1 goes on without a rest
    j       3f
wait:
    wfi
3:
    lw      t0, finish
    beqz    t0, count
    li      a0, 0                       // SBI SRST system_reset: shutdown
    li      a1, 0
    li      a6, 0
    li      a7, 0x53525354
    ecall

bump:
    la      t0, counters
    slli    t1, s0, 3
    add     t0, t0, t1
    ld      t1, 0(t0)
    addi    t1, t1, 1
    sd      t1, 0(t0)
    ret

set_timer:                              // in 1 ms at QEMU's 10 MHz; SBI TIME set_timer
    rdtime  a0
    li      t0, 10000
    add     a0, a0, t0
    li      a6, 0
    li      a7, 0x54494d45
    ecall
    ret

    .balign 4
trap:
    addi    sp, sp, -64
    sd      t0, 0(sp)
    sd      t1, 8(sp)
    sd      a0, 16(sp)
    sd      a1, 24(sp)
    sd      a6, 32(sp)
    sd      a7, 40(sp)
    sd      ra, 48(sp)
    csrr    t0, scause
    bltz    t0, tick
    li      t1, 3                       // breakpoint
    bne     t0, t1, lost
    csrr    t0, sepc
    addi    t0, t0, 2                   // c.ebreak
    csrw    sepc, t0
    la      t0, breakpoints_taken
    li      t1, 1
    amoadd.d zero, t1, (t0)
    j       leave
tick:
    la      t0, ticks
    ld      t1, 0(t0)
    addi    t1, t1, 1
    sd      t1, 0(t0)
    call    set_timer
leave:
    ld      t0, 0(sp)
    ld      t1, 8(sp)
    ld      a0, 16(sp)
    ld      a1, 24(sp)
    ld      a6, 32(sp)
    ld      a7, 40(sp)
    ld      ra, 48(sp)
    addi    sp, sp, 64
    sret
lost:                                   // an exception that nobody expects: the machine fails
    li      a0, 0
    li      a1, 1
    li      a6, 0
    li      a7, 0x53525354
    ecall

    .data
    .globl counters, shared, own_breakpoints, breakpoints_taken, ticks, finish
    .balign 4096
root:
    .dword  0xcf                        // 1 GiB from 0
    .dword  0
    .dword  0x80000 << 10 | 0xcf        // 1 GiB from 0x80000000
    .skip   8 * (258 - 3)
    .dword  0x80000 << 10 | 0xcf        // at 0xffffffc080000000
    .skip   8 * (512 - 259)
counters: .dword 0, 0
shared: .dword 0
own_breakpoints: .dword 0
breakpoints_taken: .dword 0
ticks: .dword 0
finish: .dword 0
    .skip   4096
stack_0:
    .skip   4096
stack_1:
