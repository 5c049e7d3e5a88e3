// SPDX-License-Identifier: Apache-2.0
#include "cli/bench/system.hpp"

#include <fstream>
#include <iterator>
#include <stdexcept>

#include <fmt/format.h>

#include "cli/bundle.hpp"
#include "cli/project.hpp"

namespace bench {

namespace {

namespace fs = std::filesystem;

std::vector<char> read_file(const fs::path& file) {
    std::ifstream stream{file, std::ios::binary};
    if (!stream)
        throw std::runtime_error{fmt::format("{}: cannot be read", file.string())};
    return {std::istreambuf_iterator<char>{stream}, {}};
}

void write_file(const fs::path& file, const std::vector<char>& bytes) {
    std::ofstream stream{file, std::ios::binary};
    stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!stream.flush())
        throw std::runtime_error{fmt::format("{}: cannot be written", file.string())};
}

qemu::Machine bare_machine(const Workload& workload, const Settings& settings) {
    qemu::Machine machine;
    machine.qemu = settings.qemu;
    machine.cpu = settings.cpu;
    machine.harts = workload.cpus;
    machine.memory = settings.memory;
    machine.nucleus = workload.kernel;
    machine.bundle = workload.initrd;
    if (!workload.disk.empty())
        machine.drives.push_back({workload.disk, true});
    if (!workload.command_line.empty())
        machine.more = {"-append", workload.command_line};
    if (workload.virtio_console) {
        const std::vector<std::string> console{"-global",  "virtio-mmio.force-legacy=false",
                                               "-chardev", "stdio,id=console",
                                               "-device",  "virtio-serial-device,bus=virtio-mmio-bus.4",
                                               "-device",  "virtconsole,chardev=console"};
        machine.more.insert(machine.more.end(), console.begin(), console.end());
        machine.serial = "none";
    }
    return machine;
}

/// The manifest of the same machine on Sundew.
std::string manifest_of(const Workload& workload, const Settings& settings) {
    const auto path = [](const fs::path& file) { return "'" + fs::absolute(file).string() + "'"; };
    std::string text = fmt::format("[[vm]]\nname = \"machine\"\nkind = \"machine\"\narguments = \"statistics\"\n"
                                   "cpus = {}\nmemory = {}\nkernel = {}\nconsole = \"{}\"\ncmdline = '{}'\n",
                                   workload.cpus, settings.memory, path(workload.kernel),
                                   workload.virtio_console ? "virtio" : "uart", workload.command_line);
    if (!workload.initrd.empty())
        text += fmt::format("initrd = {}\n", path(workload.initrd));
    if (!workload.disk.empty())
        text += fmt::format("disk = [{{file = {}, read_only = true}}]\n", path(workload.disk));
    return text;
}

qemu::Machine sundew_machine(const Workload& workload, const Settings& settings, const TemporaryFolder& folder,
                             std::vector<Figure>& figures) {
    auto manifest = manifest::parse(manifest_of(workload, settings), folder / "bench.toml", Project{}.folders);
    if (!manifest)
        throw std::runtime_error{manifest.error().front()};
    qemu::Machine machine;
    machine.qemu = settings.qemu;
    machine.cpu = settings.cpu;
    machine.harts = workload.cpus;
    for (const manifest::Disk* disk : manifest::assign_devices(*manifest))
        machine.drives.push_back({disk->file, disk->read_only});
    const std::vector<char> packed = bundle::make(*manifest);
    machine.memory = std::max(machine.memory, memory_for(*manifest, packed.size()));
    machine.nucleus = Project{}.target / "nucleus.bin";
    machine.bundle = folder / "bundle";
    write_file(machine.bundle, packed);
    figures.push_back({"host-ram", machine.memory >> 10, "KiB", {}});
    figures.push_back({"bundle", packed.size() >> 10, "KiB", {}});
    return machine;
}

}

const char* name_of(System system) {
    switch (system) {
    case System::Bare: return "bare";
    case System::Kvm: return "KVM";
    case System::Sundew: return "Sundew";
    }
    return "?";
}

std::vector<Figure> run(System system, const Workload& workload, const Settings& settings,
                        const TemporaryFolder& folder) {
    std::vector<Figure> more;
    const qemu::Machine machine =
        system == System::Sundew ? sundew_machine(workload, settings, folder, more) : bare_machine(workload, settings);
    const Emulated emulated = emulate(machine, workload.clock, folder, workload.limit_seconds);
    const auto fail = [&](const char* why) {
        const std::size_t most = 3000, skipped = emulated.console.size() - std::min(most, emulated.console.size());
        throw std::runtime_error{
            fmt::format("{}\n{} on {}: {}", emulated.console.substr(skipped), workload.name, name_of(system), why)};
    };
    if (!emulated.ended)
        fail("the machine did not switch itself off");
    if (emulated.console.find("benchmark failed") != std::string::npos)
        fail("the benchmark failed");
    std::vector<Figure> figures = parse(emulated.console);
    if (figures.empty())
        fail("the machine printed no figure");
    figures.insert(figures.end(), more.begin(), more.end());
    if (emulated.instructions)
        figures.push_back({"emulated", emulated.instructions, "instructions", {}});
    return figures;
}

std::vector<char> initrd_with(const fs::path& initrd, const fs::path& program) {
    // Linux unpacks archives that follow one another (Documentation/driver-api/early-userspace/buffer-format.rst).
    std::vector<char> bytes = read_file(initrd);
    bytes.resize((bytes.size() + 3) & ~std::size_t{3});
    bundle::Archive archive;
    archive.add_program("bench", read_file(program));
    const std::vector<char> added = archive.finish();
    bytes.insert(bytes.end(), added.begin(), added.end());
    return bytes;
}

}
