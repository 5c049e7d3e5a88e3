// SPDX-License-Identifier: Apache-2.0
// A program's first instructions, at its first byte. Nothing is in the registers. The words behind the jump are
// abi::boot::ImageHeader, which the nucleus reads of the manager's image alone. Threads that the program starts begin at
// `thread_start`, with a0 = their argument and a stack.

    .section .start, "ax"
    .globl start, thread_start
    .option norvc
start:
    j       begin
image_header:                               // data, named so that nobody takes it for instructions
    .word   0
    .quad   writable_offset
    .quad   image_bytes
begin:
    la      tp, tls_begin                   // one for all threads: the C library keeps only errno there
    la      sp, stack_end
    call    sdk_begin
    call    main
    call    _exit                           // with what main returned

thread_start:
    la      tp, tls_begin
    call    sdk_thread                      // does not return

    .section .stack, "aw", @nobits
    .balign 16
    .skip   32768
    .globl stack_end
stack_end:
