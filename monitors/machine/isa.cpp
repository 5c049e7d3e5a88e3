// SPDX-License-Identifier: Apache-2.0
#include "monitors/machine/isa.hpp"

#include <algorithm>
#include <array>

namespace machine {

namespace {

/// Extensions that change nothing but which instructions there are, or what is promised of them, and whose state is
/// that of the integer and floating-point registers; by the beginning of their names.
constexpr std::array<std::string_view, 9> harmless_families{"za", "zb", "zc", "zf", "zh", "zicc", "zihint", "zk", "zm"};
constexpr std::array<std::string_view, 24> harmless{
    "i",       "m",       "a",     "f",        "d",       "c",     "b",       "zic64b",       "zicbop",
    "zicntr",  "zicond",  "zicsr", "zifencei", "zimop",   "zawrs", "ssccptr", "sscounterenw", "sstvala",
    "sstvecd", "ssu64xl", "svade", "svinval",  "svnapot", "svvptc"};

/// Extensions of which henvcfg decides (norm:henvcfg_*): all of `bits` must be given.
struct Permission {
    std::string_view name;
    std::uint64_t bits;
};
constexpr std::array<Permission, 5> permissions{{
    {"zicbom", 7 << 4}, // CBIE, CBCFE
    {"zicboz", 1 << 7}, // CBZE
    {"svadu", std::uint64_t{1} << 61},
    {"svpbmt", std::uint64_t{1} << 62},
    {"sstc", std::uint64_t{1} << 63},
}};

bool vector(std::string_view name) {
    return name == "v" || name.starts_with("zv");
}

bool given(std::string_view name, const Environment& environment) {
    if (vector(name))
        return environment.vector;
    if (name == "ssaia")
        return environment.aia;
    if (name == "zkr" || name == "zk") // the seed CSR is machine mode's to give; Zk has it
        return false;
    if (const auto* found = std::ranges::find(permissions, name, &Permission::name); found != permissions.end())
        return (environment.henvcfg & found->bits) == found->bits;
    return std::ranges::find(harmless, name) != harmless.end() ||
           std::ranges::any_of(harmless_families, [&](std::string_view family) { return name.starts_with(family); });
}

}

std::string_view next_extension(std::string_view& extensions) {
    const std::size_t end = std::min(extensions.find(' '), extensions.size());
    const std::string_view name = extensions.substr(0, end);
    extensions.remove_prefix(std::min(end + 1, extensions.size()));
    return name;
}

std::string guest_extensions(std::string_view host, const Environment& environment) {
    std::string list;
    while (!host.empty()) {
        const std::string_view name = next_extension(host);
        if (!given(name, environment))
            continue;
        if (!list.empty())
            list += ' ';
        list += name;
    }
    return list;
}

std::string isa_string(std::string_view extensions) {
    std::string isa = "rv64";
    while (!extensions.empty()) {
        const std::string_view name = next_extension(extensions);
        if (name.size() > 1)
            isa += '_';
        isa += name;
    }
    return isa;
}

}
