// SPDX-License-Identifier: Apache-2.0
#include "cli/manifest_order.hpp"

#include <algorithm>
#include <set>

#include "cli/nearest.hpp"

namespace manifest {

namespace {

/// Those that wait for one another in a circle, or for such.
std::vector<std::size_t> never_started(const std::vector<Machine>& machines) {
    std::set<std::string> names;
    for (const Machine& machine : machines)
        names.insert(machine.name);
    std::vector<std::size_t> waiting(machines.size());
    for (std::size_t i = 0; i < waiting.size(); ++i)
        waiting[i] = i;
    const auto start = [&](std::size_t i) {
        const auto unstarted = [&](const std::string& name) { return names.contains(name); };
        if (std::ranges::any_of(machines[i].after, unstarted))
            return false;
        names.erase(machines[i].name);
        return true;
    };
    while (std::erase_if(waiting, start) != 0) {
    }
    return waiting;
}

}

void check_order(const std::vector<Machine>& machines, const toml::array& tables, const Context& context) {
    std::vector<std::string> known = context.folders.others;
    for (const Machine& machine : machines)
        known.push_back(machine.name);
    bool all_known = true;
    for (std::size_t i = 0; i < machines.size(); ++i)
        for (const std::string& name : machines[i].after)
            if (std::ranges::count(known, name) == 0) {
                all_known = false;
                context.complain(*tables[i].as_table()->get("after"),
                                 fmt::format("key 'after': there is no machine '{}': did you mean '{}'?", name,
                                             nearest(name, known)));
            }
    if (!all_known)
        return;
    if (const auto stuck = never_started(machines); !stuck.empty())
        context.complain(
            *tables[stuck[0]].as_table()->get("after"),
            fmt::format("key 'after': '{}' waits for itself in the end: let one of these machines go first",
                        machines[stuck[0]].name));
}

}
