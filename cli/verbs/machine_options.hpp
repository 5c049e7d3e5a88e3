// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command_line.hpp"
#include "cli/qemu.hpp"

/// Options of every verb that starts QEMU.
inline void add_machine_options(VerbOptions& verb, qemu::Machine& machine, std::optional<std::uint64_t>& memory) {
    machine.irqchip = "aia";
    verb.option("--cpu", machine.cpu, "QEMU's model of the harts")
        .choice("--irqchip", machine.irqchip, {"aia", "plic"},
                "the host's interrupt controller; an AIA, with guest interrupt files, spares guests exits")
        .option("--qemu", machine.qemu,
                "7 or 10 (as `sundew test` fetches them), or a path; unless said, the one that is installed")
        .size("--memory", memory, "the host's RAM; unless said, what the machines need, at least 512M");
}
