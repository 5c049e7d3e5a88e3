// SPDX-License-Identifier: Apache-2.0
#include "services/manager/host_facts.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/device_tree.hpp"

namespace {

/// The names in a riscv,isa string such as "rv64imafdc_zicsr_sstc" (unprivileged manual, "ISA Extension Naming
/// Conventions"); versions do not occur in device trees.
std::vector<std::string> split_isa(std::string_view isa) {
    constexpr std::string_view prefix = "rv64";
    std::vector<std::string> names;
    if (!isa.starts_with(prefix))
        return names;
    isa.remove_prefix(prefix.size());
    for (bool first = true; !isa.empty(); first = false) {
        const std::size_t end = std::min(isa.find('_'), isa.size());
        const std::string_view word = isa.substr(0, end);
        isa.remove_prefix(std::min(end + 1, isa.size()));
        if (!first) {
            names.emplace_back(word);
            continue;
        }
        for (const char letter : word)
            if (letter == 'g')
                names.insert(names.end(), {"i", "m", "a", "f", "d", "zicsr", "zifencei"});
            else
                names.emplace_back(1, letter);
    }
    return names;
}

/// A hart is complete when its node ends; only what all harts have counts.
struct Visitor {
    HostFacts facts;
    std::vector<std::string> common, listed, spelled; ///< of all harts; of this one, by property
    std::uint32_t block_bytes = 0;
    std::size_t harts = 0, depth = 0, hart_depth = 0;
    bool in_chosen = false;

    void reservation(std::uint64_t, std::uint64_t) {}
    void begin_node(std::string_view name) {
        ++depth;
        in_chosen = depth == 2 && name == "chosen";
        if (depth != 3 || !name.starts_with("cpu@"))
            return;
        hart_depth = depth;
        listed.clear();
        spelled.clear();
        block_bytes = 0;
    }
    void property(std::string_view name, device_tree::Value value) {
        if (in_chosen && name == "rng-seed")
            for (std::byte& each : facts.seed)
                each = static_cast<std::byte>(value.number(value.left() != 0));
        if (hart_depth == 0 || depth != hart_depth)
            return;
        if (name == "riscv,isa-extensions")
            while (value.left() != 0)
                listed.emplace_back(value.string());
        else if (name == "riscv,isa")
            spelled = split_isa(value.string());
        else if (name == "riscv,cboz-block-size")
            block_bytes = value.cell();
    }
    void end_node() {
        if (depth == hart_depth) {
            const auto& own = listed.empty() ? spelled : listed;
            if (harts++ == 0) {
                common = own;
                facts.cbo_block_bytes = block_bytes;
            }
            std::erase_if(common, [&](const std::string& each) { return std::ranges::find(own, each) == own.end(); });
            if (block_bytes != facts.cbo_block_bytes)
                facts.cbo_block_bytes = 0;
            hart_depth = 0;
        }
        in_chosen = false;
        --depth;
    }
};

}

HostFacts HostFacts::read(std::span<const std::byte> tree) {
    Visitor visitor;
    (void)device_tree::walk(tree, visitor);
    for (const std::string& each : visitor.common) {
        if (!visitor.facts.extensions.empty())
            visitor.facts.extensions += ' ';
        visitor.facts.extensions += each;
    }
    return std::move(visitor.facts);
}

bool HostFacts::has(std::string_view extension) const {
    std::string_view rest = extensions;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(' '), rest.size());
        if (rest.substr(0, end) == extension)
            return true;
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return false;
}
