// SPDX-License-Identifier: Apache-2.0
// The guest: says hello, a character a call, and shuts down. It runs in VS-mode and takes its monitor for firmware.

    .section .text.start, "ax"
    .globl start
start:
    la      s0, text
1:  lbu     a0, (s0)
    beqz    a0, 2f
    li      a7, 0x01                        // legacy console putchar
    ecall
    addi    s0, s0, 1
    j       1b
2:  li      a7, 0x53525354                  // system reset: shut down
    li      a6, 0
    li      a0, 0
    li      a1, 0
    ecall

    .section .rodata
text: .asciz "Hello from a guest in VS-mode!\n"
