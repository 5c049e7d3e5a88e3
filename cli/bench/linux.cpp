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

}

/// Debian's kernel, with an initrd out of Debian's packages that has a few files more.
Workload Suite::debian_workload(const std::string& what, const std::string& initrd,
                                const std::vector<Member>& members) {
    const Project project;
    for (const std::string& artefact : {std::string{"kernel"}, initrd})
        if (!std::filesystem::exists(project.folders.artefacts / artefact) && fetch_artefacts({artefact}) != 0)
            throw std::runtime_error{fmt::format("{} could not be fetched", artefact)};
    Workload workload;
    workload.name = "Linux, " + what;
    workload.kernel = project.folders.artefacts / "kernel";
    workload.initrd = *folder_ / initrd;
    if (!std::filesystem::exists(workload.initrd)) {
        const std::vector<char> bytes = initrd_with(project.folders.artefacts / initrd, members);
        std::ofstream file{workload.initrd, std::ios::binary};
        if (!file.write(bytes.data(), static_cast<std::streamsize>(bytes.size())).flush())
            throw std::runtime_error{fmt::format("{}: cannot be written", workload.initrd.string())};
    }
    return workload;
}

/// A disk full of zeros.
std::filesystem::path Suite::disk_file() {
    const std::filesystem::path file = *folder_ / "disk";
    std::ofstream{file, std::ios::app}.flush();
    std::filesystem::resize_file(file, disk_bytes);
    return file;
}

Workload Suite::linux_workload(const std::string& what, bool virtio_console, bool disk, Clock clock) {
    Workload workload = debian_workload(what, "initrd", {{"bench", Project{}.target / "linux/bench-init"}});
    if (disk)
        workload.disk = disk_file();
    workload.virtio_console = virtio_console;
    workload.clock = clock;
    workload.command_line =
        fmt::format("console={} panic=-1 rdinit=/bench -- {}", virtio_console ? "hvc0" : "ttyS0", what);
    return workload;
}

/// From the guest's first instruction to its first program, by its own clock; and until it is off, by the emulator's
/// count, less that of a guest that does nothing else.
void Suite::boot() {
    Workload nothing;
    nothing.name = "nothing";
    nothing.kernel = Project{}.target / "images/bench-primitives";
    nothing.command_line = "off";
    for (const bool virtio : {false, true}) {
        const std::string prefix = virtio ? "boot-virtio-console." : "boot.";
        on_each(prefix + "*", [&](System system) {
            const auto off = run(system, nothing), figures = run(system, linux_workload("boot", virtio));
            constexpr std::uint64_t nanoseconds_per_tick = 100; // of QEMU's `virt`
            const std::uint64_t begin = get(off, "first-ticks") * nanoseconds_per_tick;
            table_.set(system, prefix + "to-user-space", get(figures, "user-space") - begin, "instructions");
            table_.set(system, prefix + "to-power-off", get(figures, "emulated") - get(off, "emulated"),
                       "instructions");
            for (const Figure& figure : figures)
                if ((figure.name.find("exit") != std::string::npos || figure.name.starts_with("answered-")) &&
                    figure.value != 0u)
                    table_.set(system, prefix + figure.name, figure.value.value_or(0), figure.unit);
            if (!virtio)
                start(system, begin, figures);
        });
    }
}

/// From power-on to the guest's first instruction, and the RAM that is then taken.
void Suite::start(System system, std::uint64_t begin, const std::vector<Figure>& figures) {
    if (system == System::Bare)
        table_.set(system, "start.instructions", begin, "instructions");
    if (system == System::Kvm)
        table_.set_reason(system, "start.instructions", "the guest's clock begins with it");
    if (system != System::Sundew)
        return;
    constexpr std::uint64_t firmware = 384; // OpenSBI's KiB, which the device tree reserves
    table_.set(system, "start.instructions", get(figures, "instructions-before-first"), "instructions");
    table_.set(system, "start.ram-taken",
               get(figures, "host-ram") - get(figures, "bundle") - (settings.memory >> 10) - firmware -
                   get(figures, "ram-left"),
               "KiB");
}

/// 80 characters and the end of the line, written at once.
void Suite::console() {
    for (const bool virtio : {false, true}) {
        const std::string row = virtio ? "console.line-virtio" : "console.line-uart";
        on_each(row, [&](System system) {
            table_.set(system, row, get(run(system, linux_workload("console", virtio)), "console-line"),
                       "instructions");
        });
    }
}

/// Instructions: counted by the guest. Times: as they pass outside, for nothing but the ratio.
void Suite::disk() {
    Workload alone;
    alone.name = "primitives, disk";
    alone.kernel = Project{}.target / "images/bench-primitives";
    alone.disk = disk_file();
    alone.disk_requests_per_second = slow_disk;
    alone.marks = true;
    alone.clock = Clock::InstructionsIdle;
    run_everywhere(alone, "guest.");
    for (const std::string what : {"disk-4k", "disk-sequential"})
        on_each(what, [&](System system) {
            table_.set(system, what, get(run(system, linux_workload(what, false, true, Clock::Wall)), what), "ns");
        });
}

/// What programs do, in the guest: loops, system calls, processes.
void Suite::programs() {
    on_each("programs.*", [&](System system) {
        for (const Figure& figure : run(system, linux_workload("loops")))
            if (figure.unit == "ns" && figure.name != "user-space" && figure.name != "first-line")
                table_.set(system, "programs." + figure.name, figure.value.value_or(0), "instructions");
    });
}

/// Programs of Debian's packages in the guest, each from its start to its end; of fio what it does after its start. All
/// that runs meanwhile counts, whatever drives the disk among it; waiting does not.
void Suite::debian() {
    const Project project;
    for (const std::string what : {"programs", "fio"})
        on_each("debian." + what, [&](System system) {
            Workload workload = debian_workload(what, "bench-initrd",
                                                {{"bench/programs", project.root / "bench/linux/programs"},
                                                 {"bench/count", project.target / "linux/bench-count"}});
            workload.name = "Debian's packages, " + what;
            workload.command_line = "console=ttyS0 quiet panic=-1 rdinit=/bench/programs -- " + what;
            workload.limit_seconds = 900;
            workload.marks = true;
            if (what == "fio") {
                workload.disk = disk_file();
                workload.clock = Clock::InstructionsIdle;
            }
            auto figures = without_start(run(system, workload));
            std::erase_if(figures, [](const Figure& figure) { return figure.name == "instructions-before-first"; });
            take(system, figures, "debian.");
        });
}

/// Exits for a thousand of the kernel's timer ticks: what a run with them has more than one without. What comes at a
/// moment of its own is left out: the balloon's report of free pages two seconds after it was found, and Linux's
/// requests for entropy while it is idle.
void Suite::timer() {
    if (!wanted(System::Sundew))
        return;
    const auto run_with = [&](const char* what) {
        Workload workload = linux_workload(what, true);
        workload.command_line.insert(0, "module_blacklist=virtio_balloon,virtio_rng ");
        return run(System::Sundew, workload);
    };
    const auto idle = run_with("boot"), ticking = run_with("tick");
    std::uint64_t exits = 0, before = 0;
    for (const char* name :
         {"exits-sbi-call", "exits-mmio", "exits-virtual-instruction", "exits-kick", "answered-timer"}) {
        exits += get(ticking, name);
        before += get(idle, name);
    }
    table_.set(System::Sundew, "timer.exits-in-1000-ticks", exits > before ? exits - before : 0, "exits");
}

}
