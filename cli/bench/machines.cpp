// SPDX-License-Identifier: Apache-2.0
// The part of the suite about machines beside one another, all of them on one hart (bench/primitives/neighbours.cpp).
#include <stdexcept>

#include <fmt/format.h>

#include "cli/bench/suite.hpp"
#include "cli/project.hpp"

namespace bench {

namespace {

constexpr std::uint64_t most_machines = 64, guest_kib = 8 << 10;

struct Neighbour {
    std::string name;
    const char* does; ///< the guest's command line
    const char* more = "";
    std::uint64_t megabytes = guest_kib >> 10;
};

std::string manifest_of(const Neighbour& machine) {
    return fmt::format(
        "[[vm]]\nname = \"{}\"\nkind = \"machine\"\nmemory = \"{}M\"\nkernel = '{}'\nconsole = \"uart\"\n"
        "cmdline = '{}'\n{}",
        machine.name, machine.megabytes, (Project{}.target / "images/bench-primitives").string(), machine.does,
        machine.more);
}

std::string waiting(std::uint64_t count) {
    std::string text;
    for (std::uint64_t i = 0; i < count; ++i)
        text += manifest_of({fmt::format("other-{}", i), "idle"});
    return text;
}

}

/// How long it takes until the last of so many machines runs, how much RAM they take, and what they cost while they
/// wait.
void Suite::starts() {
    std::uint64_t first_taken = 0, first_idle = 0, first_instructions = 0, first_ticks = 0;
    for (const std::uint64_t count : {1u, 4u, 16u, 64u}) {
        Workload workload;
        workload.name = fmt::format("{} machines, of which one counts", count);
        workload.others = most_machines - 1; // the host is always the same
        workload.manifest = waiting(count - 1) + manifest_of({"last", "count-idle", "arguments = \"statistics\"\n"});
        const auto figures = run(System::Sundew, workload);
        constexpr std::uint64_t nanoseconds_per_tick = 100; // of QEMU's `virt`
        const std::uint64_t instructions = get(figures, "instructions-before-first"),
                            ticks = get(figures, "ticks-before-first") * nanoseconds_per_tick,
                            idle = get(figures, "idle-second"),
                            taken = get(figures, "host-ram") - get(figures, "bundle") - get(figures, "ram-left");
        const auto set = [&](const char* what, std::uint64_t value, const char* unit) {
            table_.set(System::Sundew, fmt::format("machines.{}.{}", count, what), value, unit);
        };
        set("last-one-s-first-instruction", instructions, "instructions");
        set("last-one-s-first-instruction-time", ticks, "ns");
        set("idle-second", idle, "instructions");
        if (count == 1) {
            first_taken = taken, first_idle = idle, first_instructions = instructions, first_ticks = ticks;
            continue;
        }
        set("start-of-one-more", (instructions - first_instructions) / (count - 1), "instructions");
        set("start-of-one-more-time", (ticks - first_ticks) / (count - 1), "ns");
        set("ram-beside-one-more", (taken - first_taken) / (count - 1) - guest_kib, "KiB");
        set("idle-second-of-one-more", (idle - std::min(idle, first_idle)) / (count - 1), "instructions");
    }
}

/// How late a machine is woken for its timer, beside one of lower priority that is busy, and beside one that is started
/// again and again.
void Suite::wake_ups() {
    struct Case {
        const char *name, *does;
        std::optional<Neighbour> neighbour;
    };
    const Case cases[]{
        {"alone", "wake-up", {}},
        {"beside-a-busy-one", "wake-up", Neighbour{"busy", "busy", "priority = 100\n"}},
        {"beside-one-that-starts", "wake-up-long",
         Neighbour{"again", "come-and-go", "priority = 100\nrestart = \"on-failure\"\n", 256}},
    };
    for (const Case& each : cases) {
        Workload workload;
        workload.name = fmt::format("wake-ups {}", each.name);
        workload.manifest = (each.neighbour ? manifest_of(*each.neighbour) : std::string{}) +
                            manifest_of({"woken", each.does, "priority = 200\n"});
        const auto figures = run(System::Sundew, workload);
        for (const char* which : {"latest", "average"})
            table_.set(System::Sundew, fmt::format("machines.wake-up-{}.{}", which, each.name),
                       get(figures, fmt::format("wake-up-{}", which)), "ns");
    }
}

void Suite::machines() {
    if (!wanted(System::Sundew))
        return;
    on_each("machines.start", [&](System system) {
        if (system == System::Sundew)
            starts();
    });
    on_each("machines.wake-up", [&](System system) {
        if (system == System::Sundew)
            wake_ups();
    });
}

}
