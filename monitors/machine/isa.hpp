// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace machine {

/// What of the host's harts a guest is given, beyond what needs no permission.
struct Environment {
    std::uint64_t henvcfg = 0; ///< the bits that the host gives guests (norm:henvcfg_sz_acc_op)
    bool vector = false;
    bool aia = false; ///< its interrupt controller is an AIA
};

/// The extensions that a guest has on a host with those of `host`, names in the order and spelling of the device tree's
/// riscv,isa-extensions, with one space between two. Only what is known to work in a guest: not H, and nothing of which
/// this hypervisor keeps no state.
std::string guest_extensions(std::string_view host, const Environment& environment);

/// The same as a riscv,isa string: "rv64imafdc_zicsr...".
std::string isa_string(std::string_view extensions);

/// The next name of such a list, which loses it; empty at its end.
std::string_view next_extension(std::string_view& extensions);

}
