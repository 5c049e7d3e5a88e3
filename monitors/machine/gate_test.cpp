// SPDX-License-Identifier: Apache-2.0
#include "monitors/machine/gate.hpp"

#include <gtest/gtest.h>

namespace {

using machine::Gate;
using machine::Holder;

TEST(gate, a_hart_that_rests_leaves_when_nobody_holds_it) {
    Gate gate;
    gate.rest(1);
    EXPECT_TRUE(gate.resting(2));
    gate.hold(Holder::Control, 2);
    gate.hold(Holder::Debugger, Gate::all);
    EXPECT_FALSE(gate.leave(1));
    gate.release(Holder::Debugger, Gate::all);
    EXPECT_FALSE(gate.leave(1));
    EXPECT_TRUE(gate.resting(2));
    gate.release(Holder::Control, 2);
    EXPECT_TRUE(gate.leave(1));
    EXPECT_FALSE(gate.resting(2));
}

TEST(gate, one_hart_can_be_let_go_while_others_are_held) {
    Gate gate;
    gate.hold(Holder::Debugger, Gate::all);
    for (const unsigned hart : {0u, 1u, 7u})
        gate.rest(hart);
    gate.release(Holder::Debugger, 1 << 7);
    EXPECT_FALSE(gate.held(7));
    EXPECT_TRUE(gate.held(0));
    EXPECT_TRUE(gate.leave(7));
    EXPECT_FALSE(gate.leave(0));
    EXPECT_TRUE(gate.resting(3));
    EXPECT_FALSE(gate.resting(0x83));
}

}
