// SPDX-License-Identifier: Apache-2.0
// The part of the suite about interrupts as messages: the same with an AIA in the machine, which its guests have too,
// and with a PLIC.
#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

#include "cli/bench/suite.hpp"
#include "cli/project.hpp"

namespace bench {

namespace {

constexpr std::uint64_t repetitions = 1000;

std::uint64_t sum_of(const std::vector<Figure>& figures, std::initializer_list<std::string_view> prefixes) {
    std::uint64_t sum = 0;
    for (const Figure& figure : figures)
        if (std::ranges::any_of(prefixes, [&](std::string_view prefix) { return figure.name.starts_with(prefix); }))
            sum += figure.value.value_or(0);
    return sum;
}

/// Sundew tells exits by their kinds, to the monitor and answered by the nucleus; KVM all of them, and some kinds.
std::uint64_t exits(System system, const std::vector<Figure>& figures) {
    return system == System::Kvm ? value_of(figures, "exits").value_or(0) : sum_of(figures, {"exits-", "answered-"});
}
std::uint64_t register_exits(const std::vector<Figure>& figures) {
    return sum_of(figures, {"exits-mmio", "mmio-exit-"});
}

}

/// What a thousand of something cost in exits: a run with two thousand less one with one thousand, which print as much.
void Suite::count_exits(Workload workload, const std::string& what, const std::string& row) {
    on_each(row, [&](System system) {
        if (system == System::Bare)
            return; // there is nobody to exit to
        std::uint64_t all[2]{}, registers[2]{};
        for (const bool twice : {false, true}) {
            const std::uint64_t count = twice ? 2 * repetitions : repetitions;
            workload.command_line = fmt::format("repeat {} {}", what, count);
            workload.name = fmt::format("{}, {}", row, count);
            const auto figures = run(system, workload);
            if (get(figures, "repeated") != count)
                throw std::runtime_error{"the guest did not do it as often as it was told"};
            all[twice] = exits(system, figures), registers[twice] = register_exits(figures);
        }
        table_.set(system, row, all[1] - std::min(all[1], all[0]), "exits");
        table_.set(system, row + "-for-registers", registers[1] - std::min(registers[1], registers[0]), "exits");
    });
}

void Suite::aia() {
    Workload workload;
    workload.kernel = Project{}.target / "images/bench-primitives";
    workload.aia = true;
    for (const std::uint64_t cpus : {1u, 2u}) {
        workload.cpus = cpus;
        const std::string what = cpus == 1 ? "ipi-self" : "ipi-other";
        workload.name = fmt::format("primitives with an AIA, {} virtual CPUs", cpus);
        on_each("aia." + what, [&](System system) {
            table_.set(system, "aia." + what, get(run(system, workload), what), "instructions");
        });
    }
    workload.cpus = 1;
    workload.name = "primitives with an AIA, disk";
    workload.disk = disk_file();
    workload.disk_requests_per_second = slow_disk;
    workload.clock = Clock::InstructionsIdle;
    workload.marks = true;
    run_everywhere(workload, "aia.");
    for (const std::string what : {"disk-4k", "disk-sequential"})
        on_each("aia." + what, [&](System system) {
            Workload linux_reads = linux_workload(what, false, true, Clock::Wall);
            linux_reads.aia = true;
            table_.set(system, "aia." + what, get(run(system, linux_reads), what), "ns");
        });
    workload.clock = Clock::Wall;
    workload.marks = false;
    for (const bool aia : {false, true}) {
        const std::string prefix = aia ? "aia." : "plic.";
        workload.aia = aia;
        workload.cpus = 1;
        count_exits(workload, "read", prefix + "exits-in-1000-reads");
        workload.cpus = 2;
        Workload without_disk = workload;
        without_disk.disk.clear();
        count_exits(without_disk, "ipi-self", prefix + "exits-in-1000-ipis-to-self");
        count_exits(without_disk, "ipi-other", prefix + "exits-in-1000-ipis-to-another");
    }
}

}
