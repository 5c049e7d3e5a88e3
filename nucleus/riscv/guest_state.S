// SPDX-License-Identifier: Apache-2.0
// The only F, D and V instructions of the nucleus: a guest's registers of those units, saved and loaded. They exist for
// guests alone; the nucleus and programs compute nothing with them. C++ calls these with a0 = the memory, and with
// sstatus.FS or sstatus.VS not Off.

    .macro float_registers do
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    \do     f\n, 8 * \n(a0)
    .endr
    .endm

    .option arch, +d, +v
    .text
    .globl guest_state_save_float, guest_state_load_float, guest_state_save_vector, guest_state_load_vector
guest_state_save_float:
    float_registers fsd
    frcsr   t0
    sd      t0, 256(a0)
    ret

guest_state_load_float:
    float_registers fld
    ld      t0, 256(a0)
    fscsr   t0
    ret

    .macro vector_groups do                 // a1 = 8 * vlenb; vector loads and stores set vstart to 0
    addi    t0, a0, 32
    .irp v, v0, v8, v16, v24
    \do     \v, (t0)
    add     t0, t0, a1
    .endr
    .endm

guest_state_save_vector:
    csrr    t0, vstart
    csrr    t1, vtype
    csrr    t2, vl
    csrr    t3, vcsr
    sd      t0, 0(a0)
    sd      t1, 8(a0)
    sd      t2, 16(a0)
    sd      t3, 24(a0)
    csrw    vstart, zero
    vector_groups vs8r.v
    ret

guest_state_load_vector:
    vector_groups vl8re8.v
    ld      t0, 0(a0)
    ld      t1, 8(a0)
    ld      t2, 16(a0)
    ld      t3, 24(a0)
    vsetvl  zero, t2, t1
    csrw    vcsr, t3
    csrw    vstart, t0
    ret
