// SPDX-License-Identifier: Apache-2.0
#include "nucleus/fdt.hpp"

#include <algorithm>
#include <cstring>

namespace {

/// A big-endian cursor that stops, once and for all, at the end.
class Reader {
  public:
    explicit Reader(std::span<const std::byte> bytes) : bytes_{bytes} {}

    bool failed() const { return failed_; }
    std::size_t left() const { return bytes_.size(); }
    std::uint64_t number(std::size_t size) {
        std::uint64_t value = 0;
        for (std::byte byte : take(size))
            value = value << 8 | static_cast<std::uint64_t>(byte);
        return value;
    }
    std::uint32_t cell() { return static_cast<std::uint32_t>(number(4)); }
    HostRange range() { return {{number(8)}, number(8)}; }
    std::span<const std::byte> take(std::size_t size) {
        if (size > bytes_.size()) {
            failed_ = true;
            bytes_ = {};
            return {};
        }
        const auto taken = bytes_.first(size);
        bytes_ = bytes_.subspan(size);
        return taken;
    }
    /// A string with its NUL.
    std::string_view string() {
        const auto* begin = reinterpret_cast<const char*>(bytes_.data());
        const void* end = bytes_.empty() ? nullptr : std::memchr(begin, 0, bytes_.size());
        const std::size_t length = end ? static_cast<std::size_t>(static_cast<const char*>(end) - begin) : bytes_.size();
        take(length + 1);
        return failed_ ? std::string_view{} : std::string_view{begin, length};
    }

  private:
    std::span<const std::byte> bytes_;
    bool failed_ = false;
};

/// What is known of a node while its properties go by; all of them come before its children (section 5.4.1).
struct Node {
    std::string_view name;
    bool is_plic = false, usable = true;
    Reader reg{{}}, contexts{{}};
    std::uint32_t phandle = 0, lines = 0;
};

constexpr std::uint32_t begin_node = 1, end_node = 2, property = 3, no_operation = 4;
constexpr std::size_t depth_limit = 8;

void read_property(Node& node, std::string_view name, Reader value, MachineFacts& facts) {
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
        }
    else if (name == "interrupts-extended")
        node.contexts = value;
    else if (name == "riscv,ndev")
        node.lines = value.cell();
    else if (name == "timebase-frequency")
        facts.timebase_hertz = value.number(value.left());
    else if (name == "linux,initrd-start")
        facts.initrd.first = {value.number(value.left())};
    else if (name == "linux,initrd-end")
        facts.initrd.bytes = value.number(value.left()); // its end, until the whole tree is read
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
            const HostRange range = node.reg.range();
            if (parent.name == "reserved-memory")
                facts.reserved.add(range);
            else
                facts.ram.add(range);
        }
    else if (node.is_plic) {
        facts.plic = node.reg.range();
        facts.plic_lines = node.lines;
        while (node.contexts.left() >= 8) {
            const std::uint32_t controller = node.contexts.cell();
            facts.plic_contexts.add({controller, node.contexts.cell()});
        }
    }
}

}

bool read_device_tree(std::span<const std::byte> blob, MachineFacts& facts) {
    Reader header{blob};
    if (header.cell() != 0xd00dfeed)
        return false;
    facts.blob_bytes = header.cell();
    const std::size_t structure = header.cell(), strings = header.cell(), reservations = header.cell();
    if (facts.blob_bytes > blob.size() || structure > facts.blob_bytes || strings > facts.blob_bytes ||
        reservations > facts.blob_bytes)
        return false;
    blob = blob.first(facts.blob_bytes);

    Reader list{blob.subspan(reservations)};
    for (HostRange range = list.range(); range.bytes != 0; range = list.range())
        facts.reserved.add(range);

    Reader reader{blob.subspan(structure)};
    std::array<Node, depth_limit> nodes{};
    std::size_t depth = 0;
    bool pending = false; // the innermost node's properties are still going by
    while (!reader.failed()) {
        const std::uint32_t token = reader.cell();
        if (pending && (token == begin_node || token == end_node)) {
            read_node(nodes[depth - 1], depth > 1 ? nodes[depth - 2] : Node{}, facts);
            pending = false;
        }
        if (token == begin_node) {
            if (depth == depth_limit)
                return false;
            nodes[depth] = {};
            nodes[depth].name = reader.string();
            reader.take((4 - (nodes[depth].name.size() + 1) % 4) % 4);
            ++depth;
            pending = true;
        } else if (token == end_node) {
            if (depth == 0)
                return false;
            if (--depth == 0) {
                facts.initrd.bytes -= std::min(facts.initrd.bytes, facts.initrd.first.value);
                return !facts.harts.overflown && !facts.ram.overflown && !facts.reserved.overflown;
            }
        } else if (token == property) {
            const std::size_t size = reader.cell(), name = reader.cell();
            const Reader value{reader.take(size)};
            reader.take((4 - size % 4) % 4);
            if (!pending || strings + name > blob.size())
                return false;
            read_property(nodes[depth - 1], Reader{blob.subspan(strings + name)}.string(), value, facts);
        } else if (token != no_operation) {
            return false;
        }
    }
    return false;
}
