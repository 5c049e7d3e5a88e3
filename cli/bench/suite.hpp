// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "cli/bench/system.hpp"
#include "cli/bench/table.hpp"

namespace bench {

/// The verb `bench`: runs everything on everything and compares.
class Suite {
  public:
    int operator()();

    Settings settings;
    std::string only; ///< a regular expression: parts of the suite
    bool json = false, quick = false;
    std::vector<std::string> on; ///< systems by name; empty: all
    std::filesystem::path svg, baseline, new_baseline;

  private:
    std::vector<Figure> run_manifest(const std::filesystem::path& file);
    std::vector<Figure> run(System system, const Workload& workload);
    void take(System system, const std::vector<Figure>& figures, const std::string& prefix);
    void run_everywhere(const Workload& workload, const std::string& prefix);
    bool wanted(System system) const;
    /// Does something on each system that is wanted; what goes wrong stands in the table as the reason for no number.
    template <class Action>
    void on_each(const std::string& row, Action action) {
        for (const System system : systems)
            try {
                if (wanted(system))
                    action(system);
            } catch (const std::runtime_error& error) {
                complain(system, row, error.what());
            }
    }
    void complain(System system, const std::string& row, const std::string& what);
    Workload debian_workload(const std::string& what, const std::string& initrd, const std::vector<Member>& members);
    std::filesystem::path disk_file();
    Workload linux_workload(const std::string& what, bool virtio_console = false, bool disk = false,
                            Clock clock = Clock::Instructions);

    void run_part(const std::string& name, void (Suite::*part)());
    void nucleus();
    void primitives();
    void boot();
    void start(System system, std::uint64_t begin, const std::vector<Figure>& figures);
    void console();
    void disk();
    void programs();
    void debian();
    void timer();
    void scale();
    void aia();
    void count_exits(Workload workload, const std::string& what, const std::string& row);
    void machines();
    void starts();
    void wake_ups();

    Table table_;
    bool failed_ = false;
    std::optional<TemporaryFolder> folder_;
};

}
