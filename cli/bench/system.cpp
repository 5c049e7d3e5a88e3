// SPDX-License-Identifier: Apache-2.0
#include "cli/bench/system.hpp"

#include <fstream>
#include <iterator>
#include <stdexcept>

#include <fmt/format.h>

#include "cli/bundle.hpp"
#include "cli/command.hpp"
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

std::vector<char> text_bytes(const std::string& text) {
    return {text.begin(), text.end()};
}

qemu::Machine bare_machine(const Workload& workload, const Settings& settings, const TemporaryFolder& folder) {
    qemu::Machine machine;
    machine.qemu = settings.qemu;
    machine.cpu = settings.cpu;
    machine.harts = workload.cpus;
    machine.memory = settings.memory;
    machine.nucleus = workload.kernel;
    machine.bundle = workload.initrd;
    if (!workload.disk.empty())
        machine.drives.push_back({workload.disk, true, workload.disk_requests_per_second});
    if (!workload.command_line.empty())
        machine.more = {"-append", workload.command_line};
    if (workload.aia)
        machine.irqchip = "aia";
    if (workload.virtio_console) {
        const std::vector<std::string> console{
            "-global",  "virtio-mmio.force-legacy=false",
            "-chardev", fmt::format("file,id=console,path={}", (folder / console_file).string()),
            "-device",  "virtio-serial-device,bus=virtio-mmio-bus.4",
            "-device",  "virtconsole,chardev=console"};
        machine.more.insert(machine.more.end(), console.begin(), console.end());
        machine.serial = "none";
    }
    return machine;
}

/// Linux behind a few instructions that let its programs read the time (bench/kvm/counters.S says why).
std::vector<char> with_counters(const fs::path& kernel) {
    std::vector<char> bytes = read_file(Project{}.target / "images/bench-counters");
    constexpr std::size_t image_alignment = 2 << 20;
    bytes.resize(image_alignment);
    const std::vector<char> follows = read_file(kernel);
    bytes.insert(bytes.end(), follows.begin(), follows.end());
    return bytes;
}

/// Linux as a host of KVM with the same machine as its guest. Kernel and initrd of the guest come in the host's initrd.
qemu::Machine kvm_machine(const Workload& workload, const Settings& settings, const TemporaryFolder& folder) {
    const Project project;
    const fs::path kernel = project.folders.artefacts / "kernel", base = project.folders.artefacts / "kvm-host";
    for (const fs::path& artefact : {kernel, base})
        if (!fs::exists(artefact) && fetch_artefacts({artefact.filename()}) != 0)
            throw std::runtime_error{fmt::format("{} could not be fetched", artefact.filename().string())};
    std::vector<std::string> words{"set",
                                   "--",
                                   "-M",
                                   workload.aia ? "virt,accel=kvm,aia=aplic-imsic" : "virt,accel=kvm",
                                   "-cpu",
                                   "host",
                                   "-display",
                                   "none",
                                   "-nodefaults",
                                   "-global",
                                   "virtio-mmio.force-legacy=false",
                                   "-smp",
                                   std::to_string(workload.cpus),
                                   "-m",
                                   fmt::format("{}K", settings.memory >> 10),
                                   "-kernel",
                                   "/guest/kernel"};
    const auto add = [&](std::initializer_list<std::string> more) { words.insert(words.end(), more); };
    std::vector<Member> members{{"guest/init", project.root / "bench/kvm/init"}, {"guest/kernel", workload.kernel}};
    if (!workload.initrd.empty()) {
        members.push_back({"guest/initrd", workload.initrd});
        add({"-initrd", "/guest/initrd"});
        write_file(folder / "kvm-kernel", with_counters(workload.kernel));
        members[1].file = folder / "kvm-kernel";
    }
    // A guest of KVM has no counter of instructions: its programs print marks, and the host counts.
    std::string command_line = workload.command_line;
    if (workload.marks)
        command_line += command_line.empty() ? "marks" : " marks";
    if (workload.marks)
        members.push_back({"guest/relay", project.target / "linux/bench-relay"});
    if (!command_line.empty())
        add({"-append", command_line});
    if (!workload.disk.empty())
        add({"-drive", "file=/dev/vda,format=raw,if=none,id=disk0,readonly=on,cache.direct=on", "-device",
             "virtio-blk-device,drive=disk0,bus=virtio-mmio-bus.0"});
    if (workload.virtio_console)
        add({"-serial", "none", "-chardev", "stdio,id=console", "-device", "virtio-serial-device,bus=virtio-mmio-bus.4",
             "-device", "virtconsole,chardev=console"});
    else
        add({"-serial", "stdio"});
    write_file(folder / "words", text_bytes(command::quote(words) + "\n"));
    members.push_back({"guest/words", folder / "words"});
    if (workload.others != 0) {
        write_file(folder / "others", text_bytes(fmt::format("{}\n", workload.others)));
        members.push_back({"guest/others", folder / "others"});
    }
    write_file(folder / "kvm-initrd", initrd_with(base, members));

    constexpr std::uint64_t own = std::uint64_t{768} << 20, for_each_other = std::uint64_t{48} << 20;
    Workload host = workload;
    host.kernel = kernel;
    host.initrd = folder / "kvm-initrd";
    host.command_line = "console=ttyS0 quiet rdinit=/guest/init";
    host.virtio_console = false;
    Settings larger = settings;
    larger.memory += own + workload.others * for_each_other;
    return bare_machine(host, larger, folder);
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
    for (std::uint64_t other = 0; other < workload.others; ++other)
        text += fmt::format("[[vm]]\nname = \"other-{}\"\nkind = \"machine\"\nmemory = \"8M\"\nkernel = {}\n"
                            "console = \"uart\"\ncmdline = \"idle\"\n",
                            other, path(workload.kernel));
    return text;
}

qemu::Machine sundew_machine(const Workload& workload, const Settings& settings, const TemporaryFolder& folder,
                             std::vector<Figure>& figures) {
    const std::string text = workload.manifest.empty() ? manifest_of(workload, settings) : workload.manifest;
    auto manifest = manifest::parse(text, folder / "bench.toml", Project{}.folders);
    if (!manifest)
        throw std::runtime_error{manifest.error().front()};
    qemu::Machine machine;
    machine.qemu = settings.qemu;
    machine.cpu = settings.cpu;
    machine.harts = workload.cpus;
    for (const manifest::Disk* disk : manifest::assign_devices(*manifest))
        machine.drives.push_back({disk->file, disk->read_only, workload.disk_requests_per_second});
    if (workload.aia)
        machine.irqchip = "aia";
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
    const qemu::Machine machine = system == System::Sundew ? sundew_machine(workload, settings, folder, more)
                                  : system == System::Kvm  ? kvm_machine(workload, settings, folder)
                                                           : bare_machine(workload, settings, folder);
    // Under KVM the emulator forgets its translations at each switch between host and guest.
    const unsigned slower = system == System::Kvm ? 6 : 1;
    const Emulated emulated = emulate(machine, workload.clock, folder, workload.limit_seconds * slower);
    const auto fail = [&](const char* why) {
        const std::size_t most = 3000, skipped = emulated.console.size() - std::min(most, emulated.console.size());
        throw std::runtime_error{
            fmt::format("{}\n{} on {}: {}", emulated.console.substr(skipped), workload.name, name_of(system), why)};
    };
    if (!emulated.ended)
        fail("the machine did not switch itself off");
    if (emulated.console.find("Kernel panic") != std::string::npos)
        fail("Linux panicked");
    if (emulated.console.find("benchmark failed") != std::string::npos)
        fail("the benchmark failed");
    std::vector<Figure> figures = of_one(parse(emulated.console));
    if (figures.empty())
        fail("the machine printed no figure");
    figures.insert(figures.end(), more.begin(), more.end());
    if (emulated.instructions)
        figures.push_back({"emulated", emulated.instructions, "instructions", {}});
    return figures;
}

std::vector<char> initrd_with(const fs::path& initrd, const std::vector<Member>& members) {
    // Linux unpacks archives that follow one another (Documentation/driver-api/early-userspace/buffer-format.rst).
    std::vector<char> bytes = read_file(initrd);
    bytes.resize((bytes.size() + 3) & ~std::size_t{3});
    bundle::Archive archive;
    for (const Member& member : members)
        archive.add_program(member.name, read_file(member.file));
    const std::vector<char> added = archive.finish();
    bytes.insert(bytes.end(), added.begin(), added.end());
    return bytes;
}

}
