// SPDX-License-Identifier: Apache-2.0
#include "cli/verbs/verbs.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cli/bundle.hpp"
#include "cli/command.hpp"
#include "cli/control/broker.hpp"
#include "cli/project.hpp"
#include "cli/verbs/detach.hpp"
#include "cli/verbs/machine_options.hpp"

namespace {

namespace fs = std::filesystem;

/// The name of the system that a manifest or bundle makes: that of its file.
std::string system_name(const fs::path& file) {
    std::string name = file.stem().string();
    for (char& c : name)
        if (c == '/' || static_cast<unsigned char>(c) <= ' ')
            c = '-';
    return name;
}

struct Run {
    fs::path manifest = Project{}.root / "examples/debian/debian.toml";
    fs::path bundle;  ///< instead of a manifest
    fs::path control; ///< its socket; empty: by its name
    qemu::Machine machine;
    std::optional<std::uint64_t> memory; ///< of the host; none: what the machines need
    bool print_command = false, detach = false;

    /// What QEMU is to be given; whether the manifest allows that.
    bool prepare() {
        machine.nucleus = Project{}.target / "nucleus.bin";
        if (!bundle.empty()) {
            machine.bundle = bundle;
        } else {
            auto read = read_manifest(manifest, !print_command);
            if (!read)
                return false;
            for (const manifest::Disk* disk : manifest::assign_devices(*read))
                machine.drives.push_back({disk->file, disk->read_only});
            const std::vector<char> packed = bundle::make(*read);
            machine.memory = std::max(machine.memory, memory_for(*read, packed.size()));
            machine.bundle = memory_file(packed);
        }
        machine.memory = memory.value_or(machine.memory);
        return true;
    }

    int print() {
        machine.control = control;
        if (!prepare())
            return failed;
        if (bundle.empty())
            machine.bundle = "BUNDLE";
        fmt::print("{}\n", command::quote(qemu::command(machine)));
        return 0;
    }

    int operator()() {
        if (print_command)
            return print();
        const std::string name = system_name(bundle.empty() ? manifest : bundle);
        systems::Claim claim = control.empty() ? systems::claim(name) : systems::claim_at(control);
        machine.control = claim.paths.qemu;
        // Before anything large is in memory, of which the broker would keep a copy.
        File alive = control::start_broker(claim.paths.control, claim.paths.qemu);
        if (!prepare())
            return failed;
        const std::vector<std::string> words = qemu::command(machine);
        if (detach)
            return start_in_background(claim, std::move(alive), words);
        if (claim.name != name && control.empty())
            fmt::print(stderr, "sundew: '{}' runs already: this system is called '{}'\n", name, claim.name);
        alive.release();      // QEMU's from here on
        claim.lock.release(); // and this
        command::become(words);
    }
};

}

void add_run(CommandLine& line) {
    const auto run = std::make_shared<Run>();
    auto verb = line.verb("run", "Boot a manifest's machines; Debian unless one is named. Ctrl-A X leaves QEMU.",
                          [run] { return (*run)(); });
    verb.footer("Keys of a manifest's [[vm]] tables:\n" + manifest::describe_keys())
        .word("manifest", run->manifest, "the manifest, a TOML file", false)
        .existing_file("--bundle", run->bundle, "a bundle that was made before, instead of a manifest", "manifest")
        .number("--harts", run->machine.harts, 1, 64, "the host's harts");
    add_machine_options(verb, run->machine, run->memory);
    verb.flag("-d,--detach", run->detach, "in the background; what the host's serial port says goes to a log file")
        .option("--control", run->control,
                "where its control socket is to be; unless said, the other verbs find it by the manifest's name")
        .flag("--print-command", run->print_command,
              "only print QEMU's command line, with a control socket if --control names one")
        .option("--with", run->machine.more, "one more argument for QEMU; may be given again");
}
