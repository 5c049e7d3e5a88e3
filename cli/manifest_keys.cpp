// SPDX-License-Identifier: Apache-2.0
#include "cli/manifest_keys.hpp"

#include <algorithm>
#include <array>

#include "cli/manifest_files.hpp"
#include "cli/program_file.hpp"

namespace manifest {

namespace {

namespace fs = std::filesystem;

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

std::optional<std::string> take_command_line(Machine& machine, const toml::node& node, const Context&) {
    const auto text = node.value_exact<std::string>();
    if (!text || text->size() > 2047 || text->find('\0') != std::string::npos)
        return "write a text of at most 2047 bytes";
    machine.command_line = *text;
    return {};
}

Key flag(const char* name, const char* meaning, bool Machine::* member) {
    return {name, meaning, false,
            [=](Machine& machine, const toml::node& node, const Context&) -> std::optional<std::string> {
                const auto value = node.value_exact<bool>();
                if (!value)
                    return "write true or false";
                machine.*member = *value;
                return {};
            }};
}

std::optional<std::string> take_after(Machine& machine, const toml::node& node, const Context&) {
    constexpr std::size_t most = 4; // bundle_manifest::Machine
    const toml::array* list = node.as_array();
    if (list)
        for (const toml::node& each : *list) {
            const auto text = each.value_exact<std::string>();
            if (!text) {
                list = nullptr;
                break;
            }
            machine.after.push_back(*text);
        }
    if (!list || machine.after.size() > most)
        return "write a list of at most 4 names of machines";
    return {};
}

/// One of a few words; their numbers are `first` and what follows.
Key choice(const char* name, const char* meaning, std::uint64_t Machine::* member, std::uint64_t first,
           std::vector<std::string> words) {
    return {name, meaning, false,
            [=](Machine& machine, const toml::node& node, const Context&) -> std::optional<std::string> {
                const auto text = node.value_exact<std::string>();
                const auto found = text ? std::ranges::find(words, *text) : words.end();
                if (found == words.end())
                    return fmt::format("write one of \"{}\"", fmt::join(words, "\", \""));
                machine.*member = first + static_cast<std::uint64_t>(found - words.begin());
                return {};
            }};
}

/// `read_machine` has looked at it already.
std::optional<std::string> take_kind(Machine&, const toml::node& node, const Context&) {
    if (node.value_exact<std::string>() != "machine")
        return "write \"machine\", or name a monitor instead";
    return {};
}

const std::array keys{
    Key{"kind", "\"machine\": an operating system on emulated hardware, with its monitor and larger defaults", false,
        take_kind},
    Key{"kernel", "its kernel: an Image, ELF or plain file, also with gzip or zstd; or debian:kernel", false,
        take_kernel},
    Key{"initrd", "its initrd; or debian:initrd", false, take_initrd},
    Key{"cmdline", "its kernel's command line, at most 2047 bytes", false, take_command_line},
    Key{"disk", "its disks, at most 4: paths, or tables with file, ram, read_only, serial", false, take_disks},
    choice("console", "\"virtio\" or \"uart\": whether it has a virtio console; virtio unless said", &Machine::console,
           0, {"virtio", "uart"}),
    choice("mmu",
           "\"sv39\", \"sv48\" or \"sv57\": the largest paging mode that its device tree tells of; sv48 unless said",
           &Machine::mmu, 3, {"sv39", "sv48", "sv57"}),
    choice("irqchip",
           "\"auto\", \"plic\" or \"aia\": its interrupt controller; auto unless said: an AIA for an Image if the "
           "host has an interrupt file for each virtual CPU",
           &Machine::irqchip, 0, {"auto", "plic", "aia"}),
    Key{"name", "what it is called: 1 to 31 of a-z, 0-9 and -; each machine its own", true, take_name},
    Key{"monitor", "the program that is its monitor: a built one's name, or a path from the manifest's folder", false,
        take_monitor},
    Key{"image", "what the monitor runs: a built image's name, or a path from the manifest's folder", false,
        take_image},
    Key{"arguments", "a text for the monitor, at most 255 bytes", false, take_arguments},
    number("cpus", "virtual CPUs, 1 to 8; 1 unless said", &Machine::cpus, 1, 8),
    size("memory", "the guest's RAM; 2M unless said", &Machine::memory),
    size("heap", "the monitor's own memory; unless said, 256K, or what a machine's virtual CPUs and disks need",
         &Machine::heap),
    number("quota",
           "pages of the nucleus's pool that the monitor may use, 1 to 65536; unless said, 64, or what a machine needs",
           &Machine::quota, 1, 65536),
    number("priority", "1 to 255, more goes first; 100 unless said", &Machine::priority, 1, 255),
    number("share", "of the time on harts, among machines of one priority: 1 to 10000; 100 unless said",
           &Machine::share, 1, 10000),
    flag("autostart", "whether it starts with the system; true unless said", &Machine::autostart),
    Key{"after", "names of machines that run before it starts, at most 4", false, take_after},
    choice("restart",
           "\"no\", \"on-failure\" or \"always\": whether it is started again when it has ended; no unless said",
           &Machine::restart, 0, {"no", "on-failure", "always"}),
    number("backoff", "seconds before it is started again, doubled with each failure: 1 to 3600; 1 unless said",
           &Machine::backoff, 1, 3600),
    Key{"harts", "numbers of the harts that it may run on; all unless said", false, take_harts},
    Key{"devices", "devices of the host that are its own: names of nodes in the host's device tree, at most 4", false,
        take_devices},
};

}

std::span<const Key> vm_keys() {
    return keys;
}

}
