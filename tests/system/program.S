// SPDX-License-Identifier: Apache-2.0
// Pieces of a program without a kernel (VU-mode), each at a multiple of 256 bytes; the monitor enters them with the
// registers that they need. From 4096 on: code that a test's child process runs, in U-mode.

    .section .text.start, "ax"
    .globl start
    .option norvc
start:                                      // 0x000: one system call after the other
    li      a7, 42
    li      a0, 1
    li      a1, 2
    ecall
    mv      s1, a0
    ld      a0, (s0)                        // a page that is not there yet
    li      a7, 43
    ecall
    sd      s1, (s0)                        // and may only be read
    li      a7, 44
    ecall
    jalr    s0                              // and not be executed: the monitor goes on at ra
    .half   0, 0                            // illegal
    ebreak
    csrr    a0, 0x600                       // hstatus
    li      a7, 93
    li      a0, 7
    ecall

    .balign 256                             // 0x100: counts in the word at s0 for ever
1:  ld      t0, (s0)
    addi    t0, t0, 1
    sd      t0, (s0)
    j       1b

    .balign 256                             // 0x200: makes one system call, again and again
1:  li      a7, 1
    ecall
    j       1b

    .balign 256                             // 0x300: spins
1:  j       1b

    .balign 4096                            // 0x1000: child process: makes a guest that spins in it, and resumes it
child:
    mv      s2, a0                          // a0: whether to run a guest, else spin
    beqz    s2, 2f
    li      a7, 11                          // GuestCreate, Program
    li      a0, 1
    ecall
    mv      s0, a1
    mv      a0, a1                          // Map: guest, memory (slot 2), its page 0, to 0x80000000, one page, read execute
    li      a1, 2
    li      a2, 0
    li      a3, 1 << 31
    li      a4, 1
    li      a5, 5
    li      a7, 12
    ecall
    bnez    a0, 3f
    mv      a0, s0                          // VcpuCreate, its page at 0x40000
    li      a1, 0x40000
    li      a7, 15
    ecall
    bnez    a0, 3f
    mv      s1, a1
    li      t0, 0x40000
    li      t1, (1 << 31) + 0x300
    sd      t1, 256(t0)                     // pc
    li      a0, 3                           // the event (slot 3): about to run
    li      a1, 1
    li      a7, 21
    ecall
    mv      a0, s1                          // VcpuResume
    li      a7, 0
    ecall
    j       3f
2:  li      a0, 3
    li      a1, 1
    li      a7, 21                          // EventSignal
    ecall
    j       .
3:  li      a7, 7                           // ProcessExit: failed
    li      a0, 1
    ecall
