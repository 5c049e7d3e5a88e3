// SPDX-License-Identifier: Apache-2.0
#include "monitors/machine/statistics.hpp"

#include "sdk/event.hpp"
#include "sdk/log.hpp"
#include "sdk/system_call.hpp"
#include "sdk/time.hpp"

namespace machine {

const char* Statistics::kind_name(std::size_t kind) {
    static constexpr std::array names{"sbi-call",  "system-call", "mmio",       "page-fault", "virtual-instruction",
                                      "exception", "kick",        "unexpected", "gone"};
    static_assert(names.size() == kinds);
    return names[kind];
}

void Statistics::entered() {
    if (ticks_before() != 0)
        return;
    ticks_before_.store(sdk::now(), std::memory_order_relaxed);
    instructions_before_.store(sdk::system_info(abi::SystemFact::Instret), std::memory_order_relaxed);
}

control::VcpuStats summary(const Statistics& statistics, const abi::Answered& answered, std::uint64_t interrupts) {
    using enum control::ExitKind;
    control::VcpuStats stats{};
    stats.interrupts = interrupts;
    stats.exits[static_cast<std::size_t>(Sbi)] = statistics.exits<sdk::SbiCall>();
    stats.exits[static_cast<std::size_t>(Mmio)] = statistics.exits<sdk::MmioAccess>();
    stats.exits[static_cast<std::size_t>(Kick)] = statistics.exits<sdk::Kicked>();
    stats.exits[static_cast<std::size_t>(PageFault)] = statistics.exits<sdk::GuestPageFault>();
    stats.exits[static_cast<std::size_t>(Other)] = statistics.exits<sdk::VirtualInstruction>() +
                                                   statistics.exits<sdk::Exception>() +
                                                   statistics.exits<sdk::Unexpected>();
    stats.exits[static_cast<std::size_t>(Timer)] = answered.timers;
    stats.exits[static_cast<std::size_t>(Ipi)] = answered.ipis;
    stats.exits[static_cast<std::size_t>(Fence)] = answered.fences;
    stats.exits[static_cast<std::size_t>(NucleusWait)] = answered.waits;
    stats.run_nanoseconds = sdk::nanoseconds_of_ticks(answered.run_ticks);
    return stats;
}

void MachineStatistics::add(const Statistics& statistics, const abi::Answered& more) {
    for (std::size_t kind = 0; kind < exits.size(); ++kind)
        exits[kind] += statistics.exits(kind);
    answered.timers += more.timers;
    answered.ipis += more.ipis;
    answered.fences += more.fences;
    answered.waits += more.waits;
    if (ticks_before == 0 || (statistics.ticks_before() != 0 && statistics.ticks_before() < ticks_before)) {
        ticks_before = statistics.ticks_before();
        instructions_before = statistics.instructions_before();
    }
}

void MachineStatistics::print() const {
    const auto line = [](const char* what, const char* name, std::uint64_t value, const char* unit) {
        sdk::log("statistics: %s%s %lu %s", what, name, value, unit);
    };
    for (std::size_t kind = 0; kind < exits.size(); ++kind)
        line("exits-", Statistics::kind_name(kind), exits[kind], "exits");
    line("answered-", "timer", answered.timers, "traps");
    line("answered-", "ipi", answered.ipis, "traps");
    line("answered-", "fence", answered.fences, "traps");
    line("answered-", "wait", answered.waits, "traps");
    line("", "instructions-before-first", instructions_before, "instructions");
    line("", "ticks-before-first", ticks_before, "ticks");
}

}
