// SPDX-License-Identifier: Apache-2.0
#include "cli/manifest.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "cli/program_file.hpp"

namespace manifest {

namespace {

namespace fs = std::filesystem;

/// Reads one table; knows where it is for complaints.
struct Context {
    const fs::path& file;
    const Folders& folders;
    Complaints& complaints;

    void complain(const toml::node& node, const std::string& text) const {
        const auto& at = node.source().begin;
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

std::optional<std::uint64_t> parse_size(const toml::node& node) {
    if (const auto number = node.value_exact<std::int64_t>())
        return *number < 0 ? std::nullopt : std::optional{static_cast<std::uint64_t>(*number)};
    const auto text = node.value_exact<std::string>();
    if (!text || text->empty() || text->size() > 12)
        return {};
    static constexpr std::string_view suffixes = "KMG";
    std::string_view digits = *text;
    unsigned shift = 0;
    if (const auto suffix = suffixes.find(digits.back()); suffix != std::string_view::npos) {
        shift = 10 * (static_cast<unsigned>(suffix) + 1);
        digits.remove_suffix(1);
    }
    if (digits.empty() || !std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; }))
        return {};
    std::uint64_t value = 0;
    for (const char digit : digits)
        value = value * 10 + static_cast<std::uint64_t>(digit - '0');
    return value << shift;
}

Key number(const char* name, const char* meaning, std::uint64_t Machine::* member, std::int64_t least,
           std::int64_t most) {
    return {name, meaning, false,
            [=](Machine& machine, const toml::node& node, const Context&) -> std::optional<std::string> {
                const auto value = node.value_exact<std::int64_t>();
                if (!value || *value < least || *value > most)
                    return fmt::format("write a number from {} to {}", least, most);
                machine.*member = static_cast<std::uint64_t>(*value);
                return {};
            }};
}

Key size(const char* name, const char* meaning, std::uint64_t Machine::* member) {
    return {name, meaning, false,
            [=](Machine& machine, const toml::node& node, const Context&) -> std::optional<std::string> {
                constexpr std::uint64_t page = 4096, most = std::uint64_t{1} << 40;
                const auto value = parse_size(node);
                if (!value || *value == 0 || *value % page != 0 || *value > most)
                    return std::string{
                        "write bytes, or a text such as \"64M\" (K, M or G): a multiple of 4K, at most 1024G"};
                machine.*member = *value;
                return {};
            }};
}

/// A file: a bare name is one that was built, a path starts from the manifest's folder.
fs::path resolve(const std::string& text, const Context& context, const fs::path& built) {
    return text.find('/') == std::string::npos ? built / text : context.file.parent_path() / text;
}

std::optional<std::string> take_monitor(Machine& machine, const toml::node& node, const Context& context) {
    const auto text = node.value_exact<std::string>();
    if (!text || text->empty())
        return "write the name of a program, or the path of its file";
    machine.monitor = resolve(*text, context, context.folders.programs);
    if (const auto wrong = program_file::check(machine.monitor))
        return fmt::format("'{}' {}: name a program that the SDK has linked", machine.monitor.string(), *wrong);
    return {};
}

std::optional<std::string> take_image(Machine& machine, const toml::node& node, const Context& context) {
    const auto text = node.value_exact<std::string>();
    if (!text || text->empty())
        return "write the name of an image, or the path of its file";
    machine.image = resolve(*text, context, context.folders.images);
    std::error_code error;
    if (!fs::is_regular_file(machine.image, error) || fs::file_size(machine.image, error) == 0)
        return fmt::format("'{}' is not a file with anything in it", machine.image.string());
    return {};
}

std::optional<std::string> take_name(Machine& machine, const toml::node& node, const Context&) {
    const auto text = node.value_exact<std::string>();
    const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
    if (!text || text->empty() || text->size() > 31 || !std::ranges::all_of(*text, plain))
        return "write 1 to 31 of the characters a-z, 0-9 and -";
    machine.name = *text;
    return {};
}

std::optional<std::string> take_arguments(Machine& machine, const toml::node& node, const Context&) {
    const auto text = node.value_exact<std::string>();
    if (!text || text->size() > 255 || text->find('\0') != std::string::npos)
        return "write a text of at most 255 bytes";
    machine.arguments = *text;
    return {};
}

std::optional<std::string> take_harts(Machine& machine, const toml::node& node, const Context&) {
    constexpr std::int64_t limit = 64;
    const toml::array* list = node.as_array();
    std::uint64_t harts = 0;
    if (list)
        for (const toml::node& each : *list) {
            const auto hart = each.value_exact<std::int64_t>();
            if (!hart || *hart < 0 || *hart >= limit)
                return "write a list of hart numbers from 0 to 63";
            harts |= std::uint64_t{1} << *hart;
        }
    if (harts == 0)
        return "write a list of at least one hart number, such as [0, 1]";
    machine.harts = harts;
    return {};
}

std::optional<std::string> take_devices(Machine& machine, const toml::node& node, const Context&) {
    constexpr std::size_t most = 4, longest = 31; // sdk::Startup
    const toml::array* list = node.as_array();
    if (list)
        for (const toml::node& each : *list) {
            const auto text = each.value_exact<std::string>();
            if (!text || text->empty() || text->size() > longest || text->find('\0') != std::string::npos) {
                list = nullptr;
                break;
            }
            machine.devices.push_back(*text);
        }
    if (!list || machine.devices.size() > most)
        return "write a list of at most 4 names such as [\"rtc@101000\"], each of at most 31 characters";
    return {};
}

const std::array keys{
    Key{"name", "what it is called: 1 to 31 of a-z, 0-9 and -; each machine its own", true, take_name},
    Key{"monitor", "the program that is its monitor: a built one's name, or a path from the manifest's folder", true,
        take_monitor},
    Key{"image", "what the monitor runs: a built image's name, or a path from the manifest's folder", false,
        take_image},
    Key{"arguments", "a text for the monitor, at most 255 bytes", false, take_arguments},
    number("cpus", "virtual CPUs, 1 to 8; 1 unless said", &Machine::cpus, 1, 8),
    size("memory", "the guest's RAM; 2M unless said", &Machine::memory),
    size("heap", "the monitor's own memory; 256K unless said", &Machine::heap),
    number("quota", "pages of the nucleus's pool that the monitor may use, 1 to 65536; 64 unless said", &Machine::quota,
           1, 65536),
    number("priority", "1 to 255, more goes first; 100 unless said", &Machine::priority, 1, 255),
    Key{"harts", "numbers of the harts that it may run on; all unless said", false, take_harts},
    Key{"devices", "devices of the host that are its own: names of nodes in the host's device tree, at most 4", false,
        take_devices},
};

/// Single edits that make one word of the other (Levenshtein).
std::size_t distance(std::string_view left, std::string_view right) {
    std::vector<std::size_t> row(right.size() + 1);
    for (std::size_t j = 0; j <= right.size(); ++j)
        row[j] = j;
    for (std::size_t i = 1; i <= left.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= right.size(); ++j) {
            const std::size_t substitute = diagonal + (left[i - 1] != right[j - 1]);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitute});
        }
    }
    return row.back();
}

Machine read_machine(const toml::table& table, const Context& context) {
    Machine machine;
    for (const auto& [name, value] : table) {
        const std::string_view text = name.str();
        const auto key = std::ranges::find(keys, text, &Key::name);
        if (key == keys.end()) {
            const auto nearest =
                std::ranges::min_element(keys, {}, [&](const Key& each) { return distance(text, each.name); });
            context.complain(value, fmt::format("there is no key '{}': did you mean '{}'?", text, nearest->name));
        } else if (const auto wrong = key->take(machine, value, context)) {
            context.complain(value, fmt::format("key '{}': {}", text, *wrong));
        }
    }
    for (const Key& key : keys)
        if (key.required && !table.contains(key.name))
            context.complain(table, fmt::format("a [[vm]] needs the key '{}': {}", key.name, key.meaning));
    return machine;
}

/// `[bench]`: what `sundew bench` is to know of the host.
void read_bench(const toml::table& table, Manifest& manifest, const Context& context) {
    for (const auto& [name, value] : table) {
        const auto number = value.value_exact<std::int64_t>();
        if (name.str() == "harts" && number && *number >= 1 && *number <= 8)
            manifest.bench_harts = static_cast<std::uint64_t>(*number);
        else
            context.complain(value,
                             fmt::format("'{}' in [bench]: only 'harts', from 1 to 8, is known there", name.str()));
    }
}

}

std::expected<Manifest, Complaints> parse(std::string_view text, const fs::path& file, const Folders& folders) {
    Complaints complaints;
    const Context context{file, folders, complaints};
    toml::table root;
    try {
        root = toml::parse(text, file.string());
    } catch (const toml::parse_error& error) {
        const auto& at = error.source().begin;
        return std::unexpected{
            Complaints{fmt::format("{}:{}:{}: {}", file.string(), at.line, at.column, error.description())}};
    }
    Manifest manifest;
    manifest.file = file.string();
    for (const auto& [name, value] : root) {
        if (name.str() == "bench" && value.is_table()) {
            read_bench(*value.as_table(), manifest, context);
        } else if (name.str() == "vm" && value.is_array_of_tables()) {
            for (const toml::node& each : *value.as_array()) {
                Machine machine = read_machine(*each.as_table(), context);
                if (!machine.name.empty() &&
                    std::ranges::find(manifest.machines, machine.name, &Machine::name) != manifest.machines.end())
                    context.complain(each, fmt::format("key 'name': another machine is called '{}': give each its own",
                                                       machine.name));
                manifest.machines.push_back(std::move(machine));
            }
        } else {
            context.complain(value, fmt::format("'{}' is not known here: write [[vm]] tables", name.str()));
        }
    }
    constexpr std::size_t machine_limit = 64;
    if (complaints.empty() && manifest.machines.empty())
        complaints.push_back(fmt::format("{}:1:1: there is no machine: write a [[vm]] table", file.string()));
    if (manifest.machines.size() > machine_limit)
        complaints.push_back(
            fmt::format("{}:1:1: {} machines are too many: 64 are the limit", file.string(), manifest.machines.size()));
    if (!complaints.empty())
        return std::unexpected{complaints};
    return manifest;
}

std::expected<Manifest, Complaints> read(const fs::path& file, const Folders& folders) {
    std::ifstream stream{file, std::ios::binary};
    if (!stream)
        return std::unexpected{
            Complaints{fmt::format("{}: cannot be read: name a manifest that is there", file.string())}};
    const std::string text{std::istreambuf_iterator<char>{stream}, {}};
    return parse(text, file, folders);
}

std::string describe_keys() {
    std::string text;
    for (const Key& key : keys)
        text += fmt::format("  {:<10} {}{}\n", key.name, key.meaning, key.required ? " (required)" : "");
    return text;
}

}
