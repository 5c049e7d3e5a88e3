// SPDX-License-Identifier: Apache-2.0
// A hart's interrupt file, against the specification's rules written down a second time, without regard for speed.
#include "devices/imsic.hpp"

#include <set>

#include "tests/fuzz/registers.hpp"

namespace {

using namespace fuzz;
using devices::Imsic;

struct Listener final : Imsic::Listener {
    void external_interrupt(unsigned hart, bool pending) override {
        must(hart == 1 && pending != high);
        high = pending;
    }
    bool high = false;
};

constexpr std::uint64_t eidelivery = 0x70, eithreshold = 0x72, eip = 0x80, eie = 0xc0, end = 0x100;

struct Rules {
    std::set<std::uint64_t> pending, enabled;
    std::uint64_t delivers = 0, threshold = 0;

    std::uint64_t top() const {
        for (const std::uint64_t each : pending)
            if (enabled.contains(each) && (threshold == 0 || each < threshold))
                return each;
        return 0;
    }
    void write_word(std::set<std::uint64_t>& set, std::uint64_t first, std::uint64_t value) {
        for (std::uint64_t bit = 0; bit < 64; ++bit)
            if (const std::uint64_t each = first + bit; (value >> bit & 1) == 0)
                set.erase(each);
            else if (each != 0 && each <= Imsic::identities)
                set.insert(each);
    }
    void write(std::uint64_t number, std::uint64_t value) {
        if (number == eidelivery && value < 2)
            delivers = value;
        else if (number == eithreshold && value <= Imsic::identities)
            threshold = value;
        else if (number >= eip && number < end && number % 2 == 0)
            write_word(number < eie ? pending : enabled, (number & 0x3f) * 32, value);
    }
};

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input{{data, size}};
    Listener listener;
    Imsic file{listener, 1};
    Rules rules;
    while (!input.empty()) {
        const std::uint64_t value = input.next() % 2 != 0 ? input.next() : input.next<std::uint64_t>();
        const std::uint64_t number = eidelivery - 8 + input.next() % 0xa0;
        switch (input.next() % 6) {
        case 0:
            file.write(0, 4, value);
            if (const std::uint64_t identity = value & 0xffff'ffff; identity != 0 && identity <= Imsic::identities)
                rules.pending.insert(identity);
            break;
        case 1:
            file.claim();
            rules.pending.erase(rules.top());
            break;
        case 2: {
            const unsigned width = widths[input.next() % widths.size()];
            const std::uint64_t offset = input.next<std::uint16_t>() % (0x1000 - width + 1);
            must(file.read(offset, width) == 0);
            if (offset != 0 || width != 4)
                file.write(offset, width, value);
            break;
        }
        default: file.write_register(number, value); rules.write(number, value);
        }
        must(file.top() == (rules.top() << 16 | rules.top()));
        must(listener.high == (rules.delivers == 1 && rules.top() != 0));
        if (const auto word = file.read_register(eip))
            for (std::uint64_t bit = 0; bit < 64; ++bit)
                must((*word >> bit & 1) == rules.pending.contains(bit));
        (void)file.read_register(number);
    }
    file.reset();
    must(!listener.high);
    return 0;
}
