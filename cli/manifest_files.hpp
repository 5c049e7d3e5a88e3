// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/manifest_keys.hpp"

namespace manifest {

// Keys whose values name files; as Key::take. Each file is looked at: what is no such thing is told here, not by QEMU.

std::optional<std::string> take_kernel(Machine& machine, const toml::node& node, const Context& context);
std::optional<std::string> take_initrd(Machine& machine, const toml::node& node, const Context& context);
std::optional<std::string> take_disks(Machine& machine, const toml::node& node, const Context& context);

}
