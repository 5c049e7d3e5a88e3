// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "nucleus/nucleus.hpp"

/// Answers the system calls that need no lock; whether this was one.
bool call_without_lock(Thread& thread);
/// Answers any other, with the lock held, and settles the hart, its own.
void call_with_lock(Hart& hart, Thread& thread);
