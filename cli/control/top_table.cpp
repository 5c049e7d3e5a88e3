// SPDX-License-Identifier: Apache-2.0
#include "cli/control/top_table.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "cli/control/records.hpp"
#include "cli/control/text.hpp"

namespace control {

namespace {

constexpr std::size_t machine_limit = 64;
using Row = std::vector<std::string>;

/// Counters may go back: the machine was started anew.
std::uint64_t difference(std::uint64_t before, std::uint64_t now) {
    return now >= before ? now - before : now;
}

VcpuStats difference(const VcpuStats& before, const VcpuStats& now) {
    VcpuStats result{
        difference(before.run_nanoseconds, now.run_nanoseconds), difference(before.interrupts, now.interrupts), {}};
    for (std::size_t i = 0; i < exit_kinds; ++i)
        result.exits[i] = difference(before.exits[i], now.exits[i]);
    return result;
}

void add_rates(Row& row, const VcpuStats& done, double seconds) {
    const auto rate = [&](std::uint64_t count) {
        return fmt::format("{:.0f}", seconds > 0 ? static_cast<double>(count) / seconds : 0.0);
    };
    const double share = seconds > 0 ? static_cast<double>(done.run_nanoseconds) / 1e7 / seconds : 0.0;
    row.push_back(fmt::format("{:.1f}", share));
    row.push_back(rate(done.interrupts));
    for (const std::uint64_t count : done.exits)
        row.push_back(rate(count));
}

}

void TopTable::add(const StatsRecord& stats) {
    const std::string name = text_of(stats.name);
    if (!machines_.contains(name) && machines_.size() == machine_limit)
        machines_.clear(); // those that are still there come again
    Pair& pair = machines_[name];
    pair.twice = pair.now.now_nanoseconds != 0;
    pair.before = pair.now;
    pair.now = stats;
}

std::string TopTable::text() const {
    std::vector<Row> rows{{"NAME", "STATE", "MEMORY", "BESIDE", "READ/s", "WRITTEN/s", "%CPU", "interrupts/s"}};
    for (std::size_t i = 0; i < exit_kinds; ++i)
        rows[0].push_back(exit_name(i) + "/s");
    for (const auto& [name, both] : machines_) {
        const Pair& pair = both;
        const auto seconds = [&] {
            return static_cast<double>(difference(pair.before.now_nanoseconds, pair.now.now_nanoseconds)) / 1e9;
        };
        const std::size_t cpus = std::min<std::size_t>(pair.now.cpus, vcpu_limit);
        VcpuStats sum{};
        std::vector<Row> single;
        for (std::size_t i = 0; i < cpus && pair.twice; ++i) {
            const VcpuStats done = difference(pair.before.vcpus[i], pair.now.vcpus[i]);
            sum.run_nanoseconds += done.run_nanoseconds;
            sum.interrupts += done.interrupts;
            for (std::size_t kind = 0; kind < exit_kinds; ++kind)
                sum.exits[kind] += done.exits[kind];
            single.push_back({fmt::format("  vCPU {}", i), "", "", "", "", ""});
            add_rates(single.back(), done, seconds());
        }
        const auto moved = [&](std::uint64_t before, std::uint64_t now) {
            return pair.twice && seconds() > 0 ? text::size(static_cast<std::uint64_t>(
                                                     static_cast<double>(difference(before, now)) / seconds()))
                                               : "0B";
        };
        rows.push_back({text::printable(name), state_name(pair.now.state),
                        text::size(pair.now.memory - std::min(pair.now.memory, pair.now.returned)),
                        text::size(pair.now.overhead), moved(pair.before.disks.read, pair.now.disks.read),
                        moved(pair.before.disks.written, pair.now.disks.written)});
        add_rates(rows.back(), sum, pair.twice ? seconds() : 0);
        if (single.size() > 1)
            rows.insert(rows.end(), single.begin(), single.end());
    }
    return text::table(rows);
}

}
