// SPDX-License-Identifier: Apache-2.0
// Offsets in Hart, for assembly; hart.hpp asserts them.
#pragma once
#define HART_SAVED 0
#define HART_IPIS 8
#define HART_TIMER 16
#define HART_EXCEPTIONS 24
#define HART_STACK_TOP 16384
#define HART_BYTES 16384
