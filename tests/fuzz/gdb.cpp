// SPDX-License-Identifier: Apache-2.0
// GDB's remote protocol, as a debugger that means harm would speak it, and a guest that has set up its registers and
// page tables for that. The first byte chooses how the rest is cut; packets are made well-formed so that they get far.
#include <algorithm>

#include "monitors/gdb/fake_target.hpp"
#include "monitors/gdb/stub.hpp"

namespace {

using gdb::Stop;

/// Tables that lead everywhere and to themselves.
void set_up(gdb::test::FakeTarget& target, std::span<const std::uint8_t> bytes) {
    std::ranges::copy(std::as_bytes(bytes.first(std::min(bytes.size(), target.ram.size()))), target.ram.begin());
    for (unsigned hart = 0; hart < target.harts(); ++hart) {
        target.registers[hart][gdb::number::pc] = target.base.value + (bytes.empty() ? 0 : 2 * bytes[0]);
        target.registers[hart][gdb::number::stvec] = target.base.value + 0x400;
        target.registers[hart][gdb::number::sie] = 0x222;
    }
    target.put(0x8000'8000, std::uint64_t{0x8000'0000 >> 12 << 10 | 0xcf});
    target.put(0x8000'8010, std::uint64_t{0x8000'8000 >> 12 << 10 | 1});
    target.registers[1][gdb::number::satp] = std::uint64_t{8 + bytes.size() % 4} << 60 | 0x8000'8000 >> 12;
}

/// What a machine would do meanwhile.
void answer(gdb::test::FakeTarget& target, gdb::Stub& stub, unsigned& stops, std::size_t& runs, std::uint8_t how) {
    if (target.stops != stops) {
        stops = target.stops;
        stub.stopped(how % target.harts(), Stop::Asked);
    }
    if (target.runs.size() != runs && how % 3 != 0 && stub.attached()) {
        runs = target.runs.size();
        (void)stub.at_breakpoint(how % target.harts());
        stub.stopped(how % target.harts(), how % 2 != 0 ? Stop::Breakpoint : Stop::Asked);
    }
}

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::span input{data, size};
    gdb::test::FakeTarget target{2};
    gdb::Stub stub{target};
    set_up(target, input);
    unsigned stops = 0;
    std::size_t runs = 0;
    while (!input.empty()) {
        const std::uint8_t how = input.front();
        input = input.subspan(1);
        const auto end = std::ranges::find(input, std::uint8_t{'\n'});
        const std::string text{input.begin(), end};
        input = input.subspan(std::min<std::size_t>(text.size() + 1, input.size()));
        const std::string bytes = how % 8 == 0 ? text : gdb::encode(text);
        if (how == 0xff)
            stub.disconnect();
        stub.receive(std::as_bytes(std::span{bytes}));
        answer(target, stub, stops, runs, how);
        target.sent.clear();
    }
    stub.ended(true);
    return 0;
}
