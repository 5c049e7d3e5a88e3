// SPDX-License-Identifier: Apache-2.0
// Mapping memory into the spaces of programs and guests.
#include "nucleus/calls/request.hpp"

namespace calls {

namespace {

/// A space to map into, with the flags that all of its pages get and the end of its addresses.
struct Target {
    Space* space;
    bool guest;
    std::uint64_t limit;
};

abi::Result<Target> target(const Request& request) {
    if (const auto guest = request.object<Guest>(0)) {
        if ((*guest)->dying)
            return std::unexpected{Error::BadHandle};
        return Target{&(*guest)->space, true, (*guest)->space.table.shape().limit()};
    }
    const auto process = request.object<Process>(0);
    if (!process)
        return std::unexpected{process.error()};
    return Target{&(*process)->space, false, program_limit};
}

/// Page-table flags for `rights`; nothing if they are none that a page can have.
std::optional<std::uint64_t> page_flags(const Target& target, std::uint64_t rights) {
    const bool write = (rights & 2) != 0, execute = (rights & 4) != 0;
    if (rights > 7 || (write && (rights & 1) == 0)) // write without read is reserved (norm:sv39_pte)
        return {};
    if (write && execute && !target.guest) // programs are not to change their code
        return {};
    return rights == 0 ? 0 : rights << 1 | pte::user;
}

}

Answer map(const Request& request) {
    const auto to = target(request);
    if (!to)
        return std::unexpected{to.error()};
    const auto flags = page_flags(*to, request[5]);
    const auto memory = request.range(1, Kind::Memory, static_cast<Rights>(request[5] & 7));
    if (!memory)
        return std::unexpected{memory.error()};
    if (!flags || *flags == 0 || !inside(to->limit, request[3], request[4]) || request[2] >= memory->extent ||
        request[4] > memory->extent - request[2])
        return std::unexpected{Error::BadArgument};
    TableMemory tables{nucleus.pool, to->space->account};
    const HostPhysical first{(memory->value + request[2]) * page_bytes};
    const auto done = to->space->table.map(tables, request[3], first, request[4], *flags);
    if (!to->guest) // a guest's fault on a page that has just come is taken again; a program's would end it
        fence(this_hart(), *to->space);
    return done;
}

Answer protect(const Request& request) {
    const auto to = target(request);
    if (!to)
        return std::unexpected{to.error()};
    const auto flags = page_flags(*to, request[3]);
    if (!flags || !inside(to->limit, request[1], request[2]))
        return std::unexpected{Error::BadArgument};
    TableMemory tables{nucleus.pool, to->space->account};
    const auto done = to->space->table.protect(tables, request[1], request[2], *flags);
    fence(this_hart(), *to->space);
    return done;
}

}
