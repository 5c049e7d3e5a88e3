// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "cli/manifest.hpp"

namespace manifest {

/// Reads one table; knows where it is for complaints.
struct Context {
    const std::filesystem::path& file;
    const Folders& folders;
    Complaints& complaints;

    void complain(const toml::node& node, const std::string& text) const { complain(node.source(), text); }
    void complain(const toml::source_region& where, const std::string& text) const {
        const auto& at = where.begin;
        complaints.push_back(fmt::format("{}:{}:{}: {}", file.string(), at.line, at.column, text));
    }
};

/// A key of `[[vm]]`: its name, what it means, and how its value is taken. `take` returns what is wrong.
struct Key {
    const char* name;
    const char* meaning;
    bool required;
    std::function<std::optional<std::string>(Machine&, const toml::node&, const Context&)> take;
};

/// All keys of a `[[vm]]` table.
std::span<const Key> vm_keys();

}
