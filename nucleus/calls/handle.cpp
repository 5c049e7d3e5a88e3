// SPDX-License-Identifier: Apache-2.0
// Handles, and the ranges that some of them are.
#include "nucleus/calls/request.hpp"

namespace calls {

namespace {

/// A Memory or Interrupt handle: the kinds whose handles are the range itself.
abi::Result<Capability> any_range(const Request& request) {
    const auto found = request.range(0, Kind::None, Rights::None);
    if (found && found->kind != static_cast<std::uint64_t>(Kind::Memory) &&
        found->kind != static_cast<std::uint64_t>(Kind::Interrupt))
        return std::unexpected{Error::BadHandle};
    return found;
}

}

Answer handle_close(const Request& request) {
    if (const auto found = request.range(0, Kind::None, Rights::None); !found)
        return std::unexpected{found.error()};
    if (const auto vcpu = request.object<Vcpu>(0); vcpu && (*vcpu)->thread)
        (*vcpu)->thread->resumable = 0;
    request.process.handles->close(request[0]);
    return 0;
}

Answer handle_grant(const Request& request, Process& to) {
    auto given = request.range(1, Kind::None, Rights::Grant);
    if (!given)
        return std::unexpected{given.error()};
    given->rights = given->rights & request[2];
    return to.handles->add(*given);
}

Answer range_split(const Request& request) {
    auto part = any_range(request);
    if (!part)
        return std::unexpected{part.error()};
    if (request[1] >= part->extent || request[2] == 0 || request[2] > part->extent - request[1])
        return std::unexpected{Error::BadArgument};
    part->value += request[1];
    part->extent = request[2] & 0xffff'ffff'ffff;
    return request.process.handles->add(*part);
}

Answer range_info(const Request& request) {
    const auto found = any_range(request);
    if (!found)
        return std::unexpected{found.error()};
    switch (request[1]) {
    case 0: return found->value;
    case 1: return found->extent;
    case 2: return found->kind;
    default: return std::unexpected{Error::BadArgument};
    }
}

}
