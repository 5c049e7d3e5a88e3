// SPDX-License-Identifier: Apache-2.0
#include "cli/manifest_files.hpp"

#include <fstream>

#include <fmt/format.h>
#include <unistd.h>

namespace manifest {

namespace {

namespace fs = std::filesystem;

const char* article(std::string_view what) {
    return what.starts_with('i') ? "an" : "a";
}

/// A file that is there: a path from the manifest's folder, or debian:NAME. Nothing, and why, if it is not.
std::optional<std::string> take_file(fs::path& file, const toml::node& node, const Context& context, const char* what) {
    const auto text = node.value_exact<std::string>();
    if (!text || text->empty())
        return fmt::format("write the path of {} {}, or debian:NAME for one that `sundew fetch` makes", article(what),
                           what);
    constexpr std::string_view prefix = "debian:";
    std::error_code error;
    const bool artefact = text->starts_with(prefix);
    file = artefact ? context.folders.artefacts / text->substr(prefix.size()) : context.file.parent_path() / *text;
    if (artefact && !fs::exists(file, error) && context.folders.fetch)
        context.folders.fetch(text->substr(prefix.size()));
    if (!fs::exists(file, error))
        return fmt::format("'{}' does not exist: {}", file.string(),
                           artefact ? "run ./sundew fetch"
                                    : fmt::format("name the file of {} {}", article(what), what));
    if (!fs::is_regular_file(file, error))
        return fmt::format("'{}' is no file: name the file of {} {}", file.string(), article(what), what);
    if (access(file.c_str(), R_OK) != 0)
        return fmt::format("'{}' cannot be read: check its permissions", file.string());
    return {};
}

std::optional<std::string> check_disk(const Disk& disk) {
    constexpr std::uint64_t sector = 512;
    char magic[4] = {};
    std::ifstream{disk.file, std::ios::binary}.read(magic, sizeof magic);
    if (std::string_view{magic, sizeof magic} == "QFI\xfb")
        return fmt::format("'{}' is a qcow2 image: make it raw with qemu-img convert -O raw", disk.file.string());
    const std::uint64_t bytes = fs::file_size(disk.file);
    if (bytes == 0 || bytes % sector != 0)
        return fmt::format(
            "'{}' has {} bytes, which is not a multiple of 512 and more than 0: make it so with truncate",
            disk.file.string(), bytes);
    if (!disk.ram && !disk.read_only && access(disk.file.c_str(), W_OK) != 0)
        return fmt::format("'{}' cannot be written: check its permissions, or say read_only = true",
                           disk.file.string());
    return {};
}

/// One disk: a path, or a table with more.
std::optional<std::string> take_disk(Machine& machine, const toml::node& node, const Context& context) {
    Disk disk;
    const toml::node* file = &node;
    if (const toml::table* table = node.as_table()) {
        file = table->get("file");
        for (const auto& [name, value] : *table) {
            const auto flag = value.value_exact<bool>();
            const auto text = value.value_exact<std::string>();
            if (name.str() == "ram" && flag)
                disk.ram = *flag;
            else if (name.str() == "read_only" && flag)
                disk.read_only = *flag;
            else if (name.str() == "serial" && text && text->size() <= 20)
                disk.serial = *text;
            else if (name.str() != "file")
                return fmt::format(
                    "'{}' in a disk: write ram or read_only with true or false, or serial with a text of at "
                    "most 20 bytes",
                    name.str());
        }
        if (!file)
            return "a disk's table needs the key file: the path of its image";
    }
    if (const auto wrong = take_file(disk.file, *file, context, "disk"))
        return wrong;
    if (const auto wrong = check_disk(disk))
        return wrong;
    machine.disks.push_back(std::move(disk));
    return {};
}

}

std::optional<std::string> take_kernel(Machine& machine, const toml::node& node, const Context& context) {
    if (const auto wrong = take_file(machine.kernel_file, node, context, "kernel"))
        return wrong;
    auto image = kernel_image::read_file(machine.kernel_file);
    if (!image)
        return fmt::format("'{}' {}", machine.kernel_file.string(), image.error());
    machine.kernel = std::move(*image);
    return {};
}

std::optional<std::string> take_initrd(Machine& machine, const toml::node& node, const Context& context) {
    if (const auto wrong = take_file(machine.initrd, node, context, "initrd"))
        return wrong;
    if (fs::file_size(machine.initrd) == 0)
        return fmt::format("'{}' is empty: name an initrd, or leave the key away", machine.initrd.string());
    return {};
}

std::optional<std::string> take_disks(Machine& machine, const toml::node& node, const Context& context) {
    constexpr std::size_t most = 4;
    const toml::array* list = node.as_array();
    if (!list || list->size() > most)
        return "write a list of at most 4 disks";
    for (const toml::node& each : *list)
        if (const auto wrong = take_disk(machine, each, context))
            return wrong;
    return {};
}

}
