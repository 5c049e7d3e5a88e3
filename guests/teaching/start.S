// SPDX-License-Identifier: Apache-2.0
// The kernel's first instructions. Firmware jumps here in supervisor mode with a0 = hart and a1 = device tree, without
// translation. Whatever lies behind the image is not zero yet: .bss is made so, then main runs on the kernel's one stack.

    .section .text.start, "ax"
    .globl start
start:
    la      t0, fault_in_kernel
    csrw    stvec, t0
    csrw    sie, zero
    la      sp, stack_end
    la      t0, bss
    la      t1, bss_end
1:  sd      zero, (t0)
    addi    t0, t0, 8
    bltu    t0, t1, 1b
    tail    kernel_main

    .section .bss
    .balign 16
    .skip   16384
stack_end:

// The program that every process runs, made by user.ld.
    .section .rodata
    .balign 8
    .globl user_image, user_image_end
user_image:
    .incbin "teaching-programs"
user_image_end:
