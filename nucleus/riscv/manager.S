// SPDX-License-Identifier: Apache-2.0
// The manager's image, at a page, as it will be mapped. MANAGER_IMAGE comes from the build.

    .section .manager, "aw"
    .balign 4096
    .globl manager_image
manager_image:
    .incbin MANAGER_IMAGE
    .balign 4096
