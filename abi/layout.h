// SPDX-License-Identifier: Apache-2.0
// Offsets shared by assembly and C++. Each is pinned by a static_assert beside its structure.
#pragma once

#define REGISTERS_X(n) (8 * (n))
#define REGISTERS_PC 256
