// SPDX-License-Identifier: Apache-2.0
#include "nucleus/fdt.hpp"

#include <algorithm>

#include "base/device_tree.hpp"

namespace {

using device_tree::Value;

/// What is known of a node while its properties go by; all of them come before its children (section 5.4.1).
struct Node {
    std::string_view name;
    bool is_plic = false, is_aplic = false, is_imsics = false, sends_messages = false, usable = true;
    Value reg, contexts;
    std::uint32_t phandle = 0, lines = 0, identities = 2047, guest_index_bits = 0;
};

void read_property(Node& node, std::string_view name, Value value, MachineFacts& facts) {
    if (name == "reg")
        node.reg = value;
    else if (name == "phandle")
        node.phandle = value.cell();
    else if (name == "status")
        node.usable = value.string() == "okay";
    else if (name == "compatible")
        while (value.left() != 0) {
            const std::string_view each = value.string();
            node.is_plic |= each == "sifive,plic-1.0.0" || each == "riscv,plic0";
            node.is_aplic |= each == "riscv,aplic";
            node.is_imsics |= each == "riscv,imsics";
        }
    else if (name == "interrupts-extended")
        node.contexts = value;
    else if (name == "riscv,ndev" || name == "riscv,num-sources")
        node.lines = value.cell();
    else if (name == "riscv,num-ids" || name == "riscv,num-guest-ids")
        node.identities = std::min(node.identities, value.cell());
    else if (name == "riscv,guest-index-bits")
        node.guest_index_bits = value.cell();
    else if (name == "msi-parent")
        node.sends_messages = true;
    else if (name == "riscv,children" || name == "riscv,group-index-bits")
        node.usable = node.usable && value.cell() == 0; // machine mode's APLIC; harts that are not in one row
    else if (name == "timebase-frequency")
        facts.timebase_hertz = value.number(value.left());
    else if (name == "linux,initrd-start")
        facts.initrd.first = {value.number(value.left())};
    else if (name == "linux,initrd-end")
        facts.initrd.bytes = value.number(value.left()); // its end, until the whole tree is read
}

void read_contexts(Node& node, List<MachineFacts::Context, 128>& contexts) {
    while (node.contexts.left() >= 8) {
        const std::uint32_t controller = node.contexts.cell();
        contexts.add({controller, node.contexts.cell()});
    }
}

/// Takes what a node was for; `parent` is complete but for its other children.
void read_node(Node& node, const Node& parent, MachineFacts& facts) {
    if (!node.usable)
        return;
    if (node.name.starts_with("cpu@"))
        facts.harts.add({node.reg.cell(), 0});
    else if (parent.name.starts_with("cpu@") && parent.usable && facts.harts.count != 0 && node.phandle != 0)
        facts.harts.items[facts.harts.count - 1].interrupt_controller = node.phandle;
    else if (node.name.starts_with("memory@") || parent.name == "reserved-memory")
        while (node.reg.left() >= 16) {
            const std::uint64_t first = node.reg.number(8);
            const HostRange range{{first}, node.reg.number(8)};
            if (parent.name == "reserved-memory")
                facts.reserved.add(range);
            else
                facts.ram.add(range);
        }
    else if (node.is_plic) {
        facts.plic.first = {node.reg.number(8)};
        facts.plic.bytes = node.reg.number(8);
        facts.plic_lines = node.lines;
        read_contexts(node, facts.plic_contexts);
    } else if (node.is_aplic && node.sends_messages) {
        facts.aplic = {{node.reg.number(8)}, node.reg.number(8)};
        facts.aplic_lines = node.lines;
    } else if (node.is_imsics) {
        List<MachineFacts::Context, 128> harts;
        read_contexts(node, harts);
        if (harts.count == 0 || harts.items[0].interrupt != 9) // machine mode's
            return;
        facts.imsics = {{node.reg.number(8)}, node.reg.number(8)};
        facts.imsic_identities = node.identities;
        facts.imsic_guest_index_bits = std::min(node.guest_index_bits, 6u);
        facts.imsic_harts = harts;
    }
}

/// Keeps the path from the root to the node whose properties go by.
struct Visitor {
    MachineFacts& facts;
    std::array<Node, device_tree::depth_limit + 1> nodes{}; // the first is what is above the root
    std::size_t depth = 0;
    bool pending = false;

    void reservation(std::uint64_t first, std::uint64_t bytes) { facts.reserved.add({{first}, bytes}); }
    void begin_node(std::string_view name) {
        finish();
        nodes[++depth] = {};
        nodes[depth].name = name;
        pending = true;
    }
    void property(std::string_view name, Value value) { read_property(nodes[depth], name, value, facts); }
    void end_node() {
        finish();
        --depth;
    }
    /// The node's properties are complete.
    void finish() {
        if (pending)
            read_node(nodes[depth], nodes[depth - 1], facts);
        pending = false;
    }
};

}

bool read_device_tree(std::span<const std::byte> blob, MachineFacts& facts) {
    facts.blob_bytes = device_tree::size(blob);
    if (!device_tree::walk(blob, Visitor{.facts = facts}))
        return false;
    facts.initrd.bytes -= std::min(facts.initrd.bytes, facts.initrd.first.value);
    return !facts.harts.overflown && !facts.ram.overflown && !facts.reserved.overflown;
}
