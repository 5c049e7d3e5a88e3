// SPDX-License-Identifier: Apache-2.0
#include "nucleus/list.hpp"

#include <gtest/gtest.h>

namespace {

struct Node {
    int key;
    Node* next = nullptr;
};
using List = OrderedList<Node, &Node::next, &Node::key>;

TEST(OrderedList, KeepsOrderAndArrivalAmongEquals) {
    Node a{2}, b{1}, c{2}, d{3};
    List list;
    for (Node* each : {&a, &b, &c, &d})
        list.insert(*each);
    EXPECT_EQ(list.pop(), &b);
    EXPECT_EQ(list.pop(), &a);
    EXPECT_EQ(list.pop(), &c);
    EXPECT_EQ(list.pop(), &d);
    EXPECT_EQ(list.pop(), nullptr);
}

TEST(OrderedList, RemovesFromAnyPlaceAndSaysWhetherItDid) {
    Node a{1}, b{2}, c{3}, stranger{2};
    List list;
    for (Node* each : {&a, &b, &c})
        list.insert(*each);
    EXPECT_FALSE(list.remove(stranger));
    EXPECT_TRUE(list.remove(b));
    EXPECT_FALSE(list.remove(b));
    EXPECT_TRUE(list.remove(a));
    EXPECT_EQ(list.front(), &c);
}

}
