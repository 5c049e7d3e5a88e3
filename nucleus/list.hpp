// SPDX-License-Identifier: Apache-2.0
#pragma once

/// A list in ascending order of a key; equals stay in the order of their arrival. The links are members of the nodes.
template <class Node, Node* Node::* Next, auto Key>
class OrderedList {
  public:
    Node* front() const { return first_; }

    void insert(Node& node) {
        Node** link = &first_;
        while (*link && !(node.*Key < (*link)->*Key))
            link = &((*link)->*Next);
        node.*Next = *link;
        *link = &node;
    }
    /// Whether the node was there.
    bool remove(Node& node) {
        for (Node** link = &first_; *link; link = &((*link)->*Next))
            if (*link == &node) {
                *link = node.*Next;
                return true;
            }
        return false;
    }
    Node* pop() {
        Node* node = first_;
        if (node)
            first_ = node->*Next;
        return node;
    }

  private:
    Node* first_ = nullptr;
};
