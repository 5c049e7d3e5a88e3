// SPDX-License-Identifier: Apache-2.0
// The parts of the suite that run Debian's kernel, with Debian's initrd and one program more (bench/linux/init.cpp).
#include <fstream>
#include <stdexcept>

#include <fmt/format.h>

#include "cli/bench/suite.hpp"
#include "cli/project.hpp"

namespace bench {

namespace {

constexpr std::uint64_t disk_bytes = std::uint64_t{256} << 20;

std::uint64_t get(const std::vector<Figure>& figures, const char* name) {
    const auto value = value_of(figures, name);
    if (!value)
        throw std::runtime_error{fmt::format("the figure '{}' is missing", name)};
    return *value;
}

}

Workload Suite::linux_workload(const std::string& what, bool virtio_console, bool disk, Clock clock) {
    const Project project;
    for (const char* artefact : {"kernel", "initrd"})
        if (!std::filesystem::exists(project.folders.artefacts / artefact) && fetch_artefacts({artefact}) != 0)
            throw std::runtime_error{"Debian's kernel could not be fetched"};
    Workload workload;
    workload.name = "Linux, " + what;
    workload.kernel = project.folders.artefacts / "kernel";
    workload.initrd = *folder_ / "initrd";
    if (!std::filesystem::exists(workload.initrd)) {
        const std::vector<char> bytes =
            initrd_with(project.folders.artefacts / "initrd", {{"bench", project.target / "linux/bench-init"}});
        std::ofstream{workload.initrd, std::ios::binary}.write(bytes.data(),
                                                               static_cast<std::streamsize>(bytes.size()));
    }
    if (disk) {
        workload.disk = *folder_ / "disk";
        std::ofstream{workload.disk, std::ios::app}.flush();
        std::filesystem::resize_file(workload.disk, disk_bytes);
    }
    workload.virtio_console = virtio_console;
    workload.clock = clock;
    workload.command_line = fmt::format("console={} rdinit=/bench -- {}", virtio_console ? "hvc0" : "ttyS0", what);
    return workload;
}

/// From the guest's first instruction to its first program, and what there was to do for it.
void Suite::boot() {
    Workload first;
    first.name = "first instruction";
    first.kernel = Project{}.target / "images/bench-primitives";
    for (const bool virtio : {false, true})
        for (const System system : systems) {
            if (!wanted(system))
                continue;
            const std::uint64_t begin = get(run(system, first), "first-instruction");
            const auto figures = run(system, linux_workload("boot", virtio));
            const std::string prefix = virtio ? "boot-virtio-console." : "boot.";
            table_.set(system, prefix + "to-user-space", get(figures, "user-space") - begin, "instructions");
            table_.set(system, prefix + "to-first-line", get(figures, "first-line") - begin, "instructions");
            if (!virtio)
                table_.set(system, "power-on.to-first-instruction",
                           system == System::Bare ? begin : value_of(figures, "instructions-before-first").value_or(0),
                           "instructions");
            for (const Figure& figure : figures)
                if ((figure.name.starts_with("exits-") || figure.name.starts_with("answered-")) && figure.value != 0u)
                    table_.set(system, prefix + figure.name, figure.value.value_or(0), figure.unit);
            if (const auto free = value_of(figures, "ram-left"); free && !virtio) {
                constexpr std::uint64_t firmware = 384; // OpenSBI's, which the device tree reserves
                table_.set(system, "ram.taken",
                           get(figures, "host-ram") - get(figures, "bundle") - (settings.memory >> 10) - firmware -
                               *free,
                           "KiB");
            }
        }
}

/// 80 characters and the end of the line, written at once.
void Suite::console() {
    for (const bool virtio : {false, true})
        for (const System system : systems)
            if (wanted(system))
                table_.set(system, virtio ? "console.line-virtio" : "console.line-uart",
                           get(run(system, linux_workload("console", virtio)), "console-line"), "instructions");
}

/// Instructions: of all harts, by the emulator's count, less those of a machine that reads nothing. Times: as they pass
/// outside, for nothing but the ratio.
void Suite::disk() {
    constexpr std::uint64_t read_before = 16; // bench/linux/init.cpp
    for (const System system : systems) {
        if (!wanted(system))
            continue;
        const auto emulated = [&](const char* what) { // without the boot, which differs a little each time
            const auto figures = run(system, linux_workload(what, false, true, Clock::InstructionsIdle));
            return get(figures, "emulated") - get(figures, "first-line");
        };
        const std::uint64_t nothing = emulated("boot");
        table_.set(system, "disk.read-4k", (emulated("disk-4k") - nothing) / (8192 + read_before), "instructions");
        table_.set(system, "disk.read-128k", (emulated("disk-128k") - nothing) / (2048 + read_before), "instructions");
        for (const char* what : {"disk-4k", "disk-sequential"})
            table_.set(system, fmt::format("disk.wall-{}", what + 5),
                       get(run(system, linux_workload(what, false, true, Clock::Wall)), what), "ns");
    }
}

/// Exits for a thousand of the kernel's timer ticks.
void Suite::timer() {
    if (!wanted(System::Sundew))
        return;
    const auto idle = run(System::Sundew, linux_workload("boot")),
               ticking = run(System::Sundew, linux_workload("ticks"));
    std::uint64_t exits = 0, before = 0;
    for (const char* name :
         {"exits-sbi-call", "exits-mmio", "exits-virtual-instruction", "exits-kick", "answered-timer"}) {
        exits += get(ticking, name);
        before += get(idle, name);
    }
    table_.set(System::Sundew, "timer.exits-in-1000-ticks", exits > before ? exits - before : 0, "exits");
}

}
