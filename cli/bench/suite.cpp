// SPDX-License-Identifier: Apache-2.0
#include "cli/bench/suite.hpp"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <regex>
#include <stdexcept>

#include <fmt/format.h>

#include "cli/bench/baseline.hpp"
#include "cli/bundle.hpp"
#include "cli/project.hpp"

namespace bench {

namespace {

namespace fs = std::filesystem;

void write_text(const fs::path& file, const std::string& text) {
    std::ofstream stream{file};
    if (!(stream << text).flush())
        throw std::runtime_error{fmt::format("{}: cannot be written", file.string())};
}

}

bool Suite::wanted(System system) const {
    return on.empty() || std::ranges::find(on, name_of(system)) != on.end();
}

std::vector<Figure> Suite::run(System system, const Workload& workload) {
    fmt::print(stderr, "bench: {} on {}\n", workload.name, name_of(system));
    return bench::run(system, workload, settings, *folder_);
}

/// What a workload has printed becomes rows.
void Suite::take(System system, const std::vector<Figure>& figures, const std::string& prefix) {
    for (const Figure& figure : figures)
        if (!figure.value)
            table_.set_reason(system, prefix + figure.name, figure.reason);
        else if (figure.name == "instructions-before-first")
            table_.set(system, prefix + "power-on", *figure.value, figure.unit);
        else if (figure.unit == "instructions" && figure.name != "emulated" && figure.name != "first-instruction")
            table_.set(system, prefix + figure.name, *figure.value, figure.unit);
}

void Suite::run_everywhere(const Workload& workload, const std::string& prefix) {
    on_each(prefix + "*", [&](System system) { take(system, run(system, workload), prefix); });
}

/// What an exit and an interrupt cost as there are more virtual CPUs, each with a hart, and more machines, on one. On
/// KVM those are more processes, of which all but one wait.
void Suite::scale() {
    using Numbers = std::vector<std::uint64_t>;
    const Numbers few_cpus{4}, many_cpus{1, 2, 4, 8}, few_machines{16}, many_machines{1, 2, 4, 8, 16, 32, 64};
    const auto add = [&](System system, const Workload& workload, const std::string& prefix,
                         std::initializer_list<const char*> names) {
        const auto figures = run(system, workload);
        for (const char* name : names)
            if (const auto value = value_of(figures, name))
                table_.set(system, prefix + name, *value, "instructions");
    };
    Workload workload;
    workload.kernel = Project{}.target / "images/bench-primitives";
    workload.limit_seconds = 60;
    for (const std::uint64_t cpus : quick ? few_cpus : many_cpus) {
        workload.cpus = cpus;
        workload.name = fmt::format("primitives, {} virtual CPUs", cpus);
        const std::string prefix = fmt::format("scale.{}-cpus.", cpus);
        on_each(prefix + "*", [&](System system) {
            add(system, workload, prefix, {"sbi-base", "sbi-set-timer", cpus == 1 ? "ipi-self" : "ipi-other"});
        });
    }
    workload.cpus = 1;
    workload.limit_seconds = 300;
    workload.command_line = "among-others";
    for (const std::uint64_t machines : quick ? few_machines : many_machines) {
        workload.others = machines - 1;
        workload.name = fmt::format("primitives, {} machines", machines);
        const std::string prefix = fmt::format("scale.{}-machines.", machines);
        on_each(prefix + "*", [&](System system) {
            if (system != System::Bare) // of which there is one
                add(system, workload, prefix, {"sbi-base", "sbi-set-timer", "ipi-self"});
        });
    }
}

/// The table gets the last line, which says what it was; the rest is for whoever looks into it.
void Suite::complain(System system, const std::string& row, const std::string& what) {
    failed_ = true;
    fmt::print(stderr, "{}\n", what);
    table_.set_reason(system, row, what.substr(what.find_last_of('\n') + 1));
}

/// The manifests in bench/: what only a hypervisor has. Each prints its figures.
void Suite::nucleus() {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator{Project{}.root / "bench"})
        if (entry.path().extension() == ".toml")
            files.push_back(entry.path());
    std::ranges::sort(files);
    for (const fs::path& file : files)
        try {
            for (const Figure& figure : run_manifest(file))
                if (figure.unit == "instructions")
                    table_.set(System::Sundew, "nucleus." + figure.name, figure.value.value_or(0), figure.unit);
        } catch (const std::runtime_error& error) {
            complain(System::Sundew, "nucleus.*", error.what());
        }
}

std::vector<Figure> Suite::run_manifest(const std::filesystem::path& file) {
    const auto manifest = read_manifest(file);
    if (!manifest)
        throw std::runtime_error{"a manifest of the benchmarks is wrong"};
    qemu::Machine machine;
    machine.qemu = settings.qemu;
    machine.cpu = settings.cpu;
    machine.harts = manifest->bench_harts;
    machine.nucleus = Project{}.target / "nucleus.bin";
    machine.bundle = memory_file(bundle::make(*manifest));
    fmt::print(stderr, "bench: {}\n", file.filename().string());
    constexpr unsigned limit_seconds = 120;
    const Emulated emulated = emulate(machine, Clock::Instructions, *folder_, limit_seconds);
    auto figures = parse(emulated.console);
    if (!emulated.ended || figures.empty())
        throw std::runtime_error{fmt::format("{}\n{}: the benchmark failed", emulated.console, file.string())};
    return figures;
}

void Suite::primitives() {
    Workload workload;
    workload.kernel = Project{}.target / "images/bench-primitives";
    workload.name = "primitives, one hart";
    run_everywhere(workload, "guest.");
    workload.name = "primitives, four harts";
    workload.cpus = 4;
    if (!quick)
        run_everywhere(workload, "guest-4.");
    // Firmware spins for the other harts' answers until the emulator's turn for them comes.
    for (const char* name : {"guest-4.sbi-remote-fence-2", "guest-4.sbi-remote-fence-4"})
        if (!quick && wanted(System::Bare))
            table_.set_reason(System::Bare, name, "firmware spins for the other harts, which -icount runs in turns");
}

/// However a part ends, the rows of all others are there in the end.
void Suite::run_part(const std::string& name, void (Suite::*part)()) {
    using Minutes = std::chrono::duration<double, std::ratio<60>>;
    const auto begin = std::chrono::steady_clock::now();
    try {
        (this->*part)();
    } catch (const std::exception& error) {
        for (const System system : systems)
            if (wanted(system))
                complain(system, name + ".*", error.what());
    }
    fmt::print(stderr, "bench: {} took {:.1f} minutes\n", name,
               Minutes{std::chrono::steady_clock::now() - begin}.count());
}

int Suite::operator()() {
    folder_.emplace();
    struct Part {
        const char* name;
        void (Suite::*run)();
        bool quick;
    };
    constexpr Part parts[]{{"nucleus", &Suite::nucleus, true}, {"primitives", &Suite::primitives, true},
                           {"boot", &Suite::boot, false},      {"console", &Suite::console, false},
                           {"disk", &Suite::disk, false},      {"programs", &Suite::programs, false},
                           {"debian", &Suite::debian, false},  {"timer", &Suite::timer, false},
                           {"scale", &Suite::scale, true},     {"machines", &Suite::machines, false},
                           {"aia", &Suite::aia, false}};
    const std::regex pattern{only.empty() ? ".*" : only};
    for (const Part& part : parts)
        if (std::regex_match(part.name, pattern) && (part.quick || !quick))
            run_part(part.name, part.run);
    fmt::print("{}", json ? table_.json() : table_.text());
    if (!svg.empty())
        write_text(svg, table_.svg());
    if (!new_baseline.empty())
        write_text(new_baseline, baseline::make(table_));
    const int status = baseline.empty() ? 0 : baseline::check(table_, baseline);
    return failed_ ? 1 : status;
}

}
