// SPDX-License-Identifier: Apache-2.0
#include "cli/verbs/verbs.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cli/bench.hpp"
#include "cli/bundle.hpp"
#include "cli/command.hpp"
#include "cli/project.hpp"
#include "cli/verbs/machine_options.hpp"

namespace {

namespace fs = std::filesystem;

struct Bench {
    qemu::Machine machine;
    std::optional<std::uint64_t> memory;
    bool json = false;

    int operator()() {
        machine.nucleus = Project{}.target / "nucleus.bin";
        machine.more = {"-icount", "shift=0,sleep=off"};
        std::vector<bench::Figure> figures;
        for (const fs::path& file : manifests()) {
            const auto read = read_manifest(file);
            if (!read)
                return failed;
            machine.harts = read->bench_harts;
            machine.memory = memory.value_or(machine.memory);
            machine.bundle = memory_file(bundle::make(*read));
            const auto output = command::capture(qemu::command(machine));
            if (output.status != 0) {
                fmt::print(stderr, "{}{}: the benchmark failed\n", output.text, file.string());
                return failed;
            }
            const auto more = bench::parse(output.text);
            figures.insert(figures.end(), more.begin(), more.end());
        }
        fmt::print("{}", json ? bench::json(figures) : bench::table(figures));
        return 0;
    }

    static std::vector<fs::path> manifests() {
        std::vector<fs::path> found;
        for (const auto& entry : fs::directory_iterator{Project{}.root / "bench"})
            if (entry.path().extension() == ".toml")
                found.push_back(entry.path());
        std::ranges::sort(found);
        return found;
    }
};

}

void add_bench(CommandLine& line) {
    const auto bench = std::make_shared<Bench>();
    auto verb = line.verb("bench", "Count the instructions that things cost.", [bench] { return (*bench)(); });
    add_machine_options(verb, bench->machine, bench->memory);
    verb.flag("--json", bench->json, "as JSON");
}
