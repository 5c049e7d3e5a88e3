// SPDX-License-Identifier: Apache-2.0
// `sundew`, the host's tool: one verb for each thing that a person does with Sundew.
#include <algorithm>
#include <exception>
#include <filesystem>
#include <fstream>
#include <optional>
#include <regex>
#include <system_error>
#include <thread>

#include <sys/mman.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/bench.hpp"
#include "cli/bundle.hpp"
#include "cli/cache.hpp"
#include "cli/command.hpp"
#include "cli/manifest.hpp"
#include "cli/qemu.hpp"

namespace {

namespace fs = std::filesystem;

constexpr int failed = 1;

/// Where things are: this program is build/host/cli/sundew of the project.
struct Project {
    fs::path root = fs::canonical("/proc/self/exe").parent_path() / "../../..";
    fs::path target = fs::weakly_canonical(root / "build/target");
    manifest::Folders folders{target / "bin", target / "images", cache_folder() / "debian"};
};

/// Makes what machines boot from, those that are missing: for the default machine, unless others are named.
int fetch_artefacts(const std::vector<std::string>& names, bool anew = false) {
    std::vector<std::string> words{(Project{}.root / "tools/fetch-debian").string()};
    if (anew)
        words.push_back("--force");
    words.insert(words.end(), names.begin(), names.end());
    return command::run(words);
}

/// The manifest, or its complaints on stderr.
std::optional<manifest::Manifest> read_manifest(const fs::path& file, bool fetch = true) {
    manifest::Folders folders = Project{}.folders;
    if (fetch)
        folders.fetch = [](const std::string& name) { (void)fetch_artefacts({name}); };
    auto manifest = manifest::read(file, folders);
    if (manifest)
        return std::move(*manifest);
    for (const std::string& complaint : manifest.error())
        fmt::print(stderr, "{}\n", complaint);
    return {};
}

/// The bundle as a file that only this process and what it becomes can see, by its path.
fs::path memory_file(const std::vector<char>& bytes) {
    const int file = memfd_create("bundle", 0);
    for (std::size_t done = 0; done < bytes.size();) {
        const ssize_t written = write(file, bytes.data() + done, bytes.size() - done);
        if (written < 0)
            throw std::system_error{errno, std::generic_category(), "the bundle"};
        done += static_cast<std::size_t>(written);
    }
    return fmt::format("/proc/self/fd/{}", file);
}

void write_file(const fs::path& file, const std::vector<char>& bytes) {
    std::ofstream stream{file, std::ios::binary};
    stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!stream.flush())
        throw std::runtime_error{fmt::format("{}: cannot be written", file.string())};
}

/// RAM that a host needs for these machines and what they come in, with some to spare.
std::uint64_t memory_for(const manifest::Manifest& manifest, std::uint64_t bundle_bytes) {
    constexpr std::uint64_t spare = 64 << 20;
    std::uint64_t bytes = bundle_bytes + spare;
    for (const manifest::Machine& machine : manifest.machines) {
        bytes += machine.memory + machine.heap;
        for (const manifest::Disk& disk : machine.disks)
            bytes += disk.ram ? fs::file_size(disk.file) : 0;
    }
    // QEMU puts the bundle into the middle of the RAM, or 512 MiB behind the nucleus: room for it all above that.
    constexpr std::uint64_t small = 192 << 20, below = 512 << 20;
    return bytes <= small ? 0 : (bytes + below + spare - 1) / spare * spare;
}

struct Run {
    fs::path manifest = Project{}.root / "examples/debian/debian.toml";
    fs::path bundle; ///< instead of a manifest
    qemu::Machine machine;
    std::optional<std::uint64_t> memory; ///< of the host; none: what the machines need
    bool print_command = false;

    int operator()() {
        machine.nucleus = Project{}.target / "nucleus.bin";
        if (!bundle.empty()) {
            machine.bundle = bundle;
        } else {
            auto read = read_manifest(manifest);
            if (!read)
                return failed;
            for (const manifest::Disk* disk : manifest::assign_devices(*read))
                machine.drives.push_back({disk->file, disk->read_only});
            const std::vector<char> packed = bundle::make(*read);
            machine.memory = std::max(machine.memory, memory_for(*read, packed.size()));
            machine.bundle = memory_file(packed);
        }
        machine.memory = memory.value_or(machine.memory);
        if (print_command) {
            if (bundle.empty())
                machine.bundle = "BUNDLE";
            fmt::print("{}\n", command::quote(qemu::command(machine)));
            return 0;
        }
        command::become(qemu::command(machine));
    }
};

int check(const fs::path& file) {
    const auto manifest = read_manifest(file, false);
    if (!manifest)
        return failed;
    fmt::print("{}: all is well, {} machine{}\n", file.string(), manifest->machines.size(),
               manifest->machines.size() == 1 ? "" : "s");
    return 0;
}

int make_bundle(const fs::path& file, const fs::path& output) {
    auto manifest = read_manifest(file);
    if (!manifest)
        return failed;
    (void)manifest::assign_devices(*manifest);
    write_file(output, bundle::make(*manifest));
    return 0;
}

/// Runs everything that CTest knows and closes with the line that CI looks for.
int test(bool long_tests, const std::string& only) {
    const fs::path folder = fs::weakly_canonical(Project{}.root / "build/host"), results = folder / "results.xml";
    std::vector<std::string> words{"ctest",
                                   "--test-dir",
                                   folder.string(),
                                   "--output-on-failure",
                                   "--no-tests=error",
                                   "-j",
                                   std::to_string(std::max(1u, std::thread::hardware_concurrency())),
                                   "--output-junit",
                                   results.string()};
    if (!long_tests)
        words.insert(words.end(), {"-LE", "long"});
    if (!only.empty())
        words.insert(words.end(), {"-R", only});
    fs::remove(results);
    const int status = command::run(words);
    std::ifstream stream{results};
    const std::string text{std::istreambuf_iterator<char>{stream}, {}};
    std::smatch tests, failures;
    if (!std::regex_search(text, tests, std::regex{"tests=\"([0-9]+)\""}) ||
        !std::regex_search(text, failures, std::regex{"failures=\"([0-9]+)\""})) {
        fmt::print("ctest left no result\n0 passed, 1 failed\n");
        return failed;
    }
    const int wrong = std::stoi(failures[1]);
    (void)command::run({(Project{}.root / "tools/count-nucleus").string()});
    fmt::print("{} passed, {} failed\n", std::stoi(tests[1]) - wrong, wrong);
    return status == 0 && wrong == 0 ? 0 : failed;
}

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

void add_machine_options(CLI::App& app, qemu::Machine& machine, std::optional<std::uint64_t>& memory) {
    app.add_option("--cpu", machine.cpu, "QEMU's model of the harts")->capture_default_str();
    app.add_option("--qemu", machine.qemu,
                   "7 or 10 (as `sundew test` fetches them), or a path; unless said, the one that is installed");
    app.add_option("--memory", memory, "the host's RAM; unless said, what the machines need, at least 512M")
        ->transform(CLI::AsSizeValue(false));
}

}

int main(int argc, char** argv) try {
    CLI::App app{"Sundew, a hypervisor for RISC-V, on QEMU's machine `virt`."};
    app.name("sundew");
    app.require_subcommand(1);
    int status = 0;

    Run run;
    CLI::App& run_verb =
        *app.add_subcommand("run", "Boot a manifest's machines; Debian unless one is named. Ctrl-A X leaves QEMU.");
    run_verb.footer("Keys of a manifest's [[vm]] tables:\n" + manifest::describe_keys());
    auto* manifest_option = run_verb.add_option("manifest", run.manifest, "the manifest, a TOML file");
    run_verb.add_option("--bundle", run.bundle, "a bundle that was made before, instead of a manifest")
        ->excludes(manifest_option)
        ->check(CLI::ExistingFile);
    run_verb.add_option("--harts", run.machine.harts, "the host's harts")
        ->check(CLI::Range(1, 64))
        ->capture_default_str();
    add_machine_options(run_verb, run.machine, run.memory);
    run_verb.add_flag("--print-command", run.print_command, "only print QEMU's command line");
    run_verb.add_option("--with", run.machine.more, "one more argument for QEMU; may be given again")
        ->allow_extra_args(false);
    run_verb.callback([&] { status = run(); });

    fs::path check_file;
    CLI::App& check_verb = *app.add_subcommand("check", "Check a manifest and say what is wrong with it.");
    check_verb.add_option("manifest", check_file, "the manifest, a TOML file")->required();
    check_verb.callback([&] { status = check(check_file); });

    fs::path bundle_file, bundle_output;
    CLI::App& bundle_verb =
        *app.add_subcommand("bundle", "Pack a manifest and all that it names into an initrd for the nucleus.");
    bundle_verb.add_option("manifest", bundle_file, "the manifest, a TOML file")->required();
    bundle_verb.add_option("-o,--output", bundle_output, "where to write it")->required();
    bundle_verb.callback([&] { status = make_bundle(bundle_file, bundle_output); });

    std::vector<std::string> artefacts;
    bool anew = false;
    CLI::App& fetch_verb = *app.add_subcommand(
        "fetch",
        "Make what machines boot from, out of Debian's packages: kernel, initrd, root.ext4 and disk.ext4 unless "
        "others are named (u-boot, installer-kernel, installer-initrd).");
    fetch_verb.add_option("what", artefacts, "what to make; it is then debian:NAME in manifests");
    fetch_verb.add_flag("--force", anew, "also what is there");
    fetch_verb.callback([&] { status = fetch_artefacts(artefacts, anew); });

    bool long_tests = false;
    std::string only;
    CLI::App& test_verb = *app.add_subcommand("test", "Run the unit tests, the system tests and the style checks.");
    test_verb.add_flag("--long", long_tests, "the long ones too");
    test_verb.add_option("--only", only, "those whose name matches this regular expression");
    test_verb.callback([&] { status = test(long_tests, only); });

    Bench bench;
    CLI::App& bench_verb = *app.add_subcommand("bench", "Count the instructions that things cost.");
    add_machine_options(bench_verb, bench.machine, bench.memory);
    bench_verb.add_flag("--json", bench.json, "as JSON");
    bench_verb.callback([&] { status = bench(); });

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        constexpr int usage = 2;
        return app.exit(error) == 0 ? 0 : usage;
    }
    return status;
} catch (const std::exception& error) {
    fmt::print(stderr, "sundew: {}\n", error.what());
    return failed;
}
