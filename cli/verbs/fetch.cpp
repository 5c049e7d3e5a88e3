// SPDX-License-Identifier: Apache-2.0
#include "cli/verbs/verbs.hpp"

#include "cli/project.hpp"

void add_fetch(CommandLine& line) {
    struct Options {
        std::vector<std::string> artefacts;
        bool anew = false;
    };
    const auto options = std::make_shared<Options>();
    line.verb("fetch",
              "Make what machines boot from, out of Debian's packages: kernel, initrd, root.ext4 and disk.ext4 unless "
              "others are named (u-boot, kvm-host, bench-initrd, installer-kernel, installer-initrd).",
              [options] { return fetch_artefacts(options->artefacts, options->anew); })
        .words("what", options->artefacts, "what to make; it is then debian:NAME in manifests")
        .flag("--force", options->anew, "also what is there");
}
