// SPDX-License-Identifier: Apache-2.0
// The APLIC's window and its lines, against the specification's rules written down a second time, without regard for
// speed.
#include "devices/aplic.hpp"

#include <map>
#include <vector>

#include "tests/fuzz/registers.hpp"

namespace {

using namespace fuzz;
using devices::Aplic;

struct Message {
    unsigned hart;
    std::uint32_t identity;
    friend bool operator==(Message, Message) = default;
};

struct Listener final : Aplic::Listener {
    void message(unsigned hart, std::uint32_t identity) override { sent.push_back({hart, identity}); }
    std::vector<Message> sent;
};

constexpr std::uint64_t window = 0x8000;

struct Source {
    bool line = false, pending = false, enabled = false;
    unsigned mode = 0;
    std::uint32_t target = 0;

    bool active() const { return mode != 0; }
    bool level() const { return mode >= 6; }
    bool input() const { return mode >= 4 && line != (mode % 2 != 0); }
    void pend() {
        if (active() && (!level() || input()))
            pending = true;
    }
    /// Something changed: what was the input before?
    void changed(bool before) {
        if (input() && !before)
            pending = true;
        if (level() && !input())
            pending = false;
        if (!active())
            *this = {.line = line};
    }
};

struct Rules {
    std::map<std::uint32_t, Source> sources;
    bool on = false;
    std::vector<Message> sent;

    Source* find(std::uint64_t source) {
        return source != 0 && source < Aplic::sources ? &sources[static_cast<std::uint32_t>(source)] : nullptr;
    }
    void send(std::uint32_t target) {
        if (target >> 18 < Aplic::harts)
            sent.push_back({target >> 18, target & 0x7ff});
    }
    void settle() {
        for (auto& [number, source] : sources)
            if (on && source.pending && source.enabled) {
                source.pending = false;
                send(source.target);
            }
    }
};

/// What a well-formed store or a change of a line does.
void act(Input& input, Aplic& aplic, Rules& rules) {
    const std::uint32_t number = input.next() % (Aplic::sources + 2), value = input.next<std::uint32_t>();
    Source* const source = rules.find(number);
    Source nobody;
    Source& it = source ? *source : nobody;
    const bool before = it.input();
    const std::uint64_t word = number / 32 * 4;
    const auto each_of_word = [&](auto action) {
        for (std::uint32_t bit = 0; bit < 32; ++bit)
            if (Source* one = rules.find(number / 32 * 32 + bit); one && (value >> bit & 1) != 0)
                action(*one);
    };
    switch (input.next() % 13) {
    case 0:
        if (number == 0 || number >= Aplic::sources)
            return;
        aplic.write(4 * number, 4, value);
        it.mode = (value & 0x400) != 0 || (value & 7) == 2 || (value & 7) == 3 ? 0 : value & 7;
        it.changed(before);
        break;
    case 1:
        if (number == 0)
            return;
        aplic.write(0x3000 + 4 * number, 4, value);
        it.target = it.active() ? value & 0xfffc'07ff : 0;
        break;
    case 2:
        aplic.write(0x1cdc, 4, number);
        it.pend();
        break;
    case 3:
        aplic.write(0x2000, 4, number);
        it.pend();
        break;
    case 4:
        aplic.write(0x1ddc, 4, number);
        it.pending = false;
        break;
    case 5:
        aplic.write(0x1edc, 4, number);
        it.enabled = it.active();
        break;
    case 6:
        aplic.write(0x1fdc, 4, number);
        it.enabled = false;
        break;
    case 7:
        aplic.write(0x1c00 + word, 4, value);
        each_of_word([](Source& one) { one.pend(); });
        break;
    case 8:
        aplic.write(0x1d00 + word, 4, value);
        each_of_word([](Source& one) { one.pending = false; });
        break;
    case 9:
        aplic.write(0x1e00 + word, 4, value);
        each_of_word([](Source& one) { one.enabled = one.active(); });
        break;
    case 10:
        aplic.write(0, 4, value);
        rules.on = (value & 0x100) != 0;
        break;
    case 11: aplic.write(0x3000, 4, value); return rules.send(value);
    default:
        aplic.set_level(number, (value & 1) != 0);
        it.line = (value & 1) != 0;
        it.changed(before);
    }
    rules.settle();
}

/// An access that the specification knows nothing of: it must not change a thing.
void odd_access(Input& input, Aplic& aplic) {
    unsigned width = widths[input.next() % widths.size()];
    std::uint64_t offset = input.next<std::uint32_t>() % (window - 16);
    if (width == 4 && offset % 4 == 0)
        ++offset;
    must(aplic.read(offset, width) == 0);
    aplic.write(offset, width, input.next<std::uint64_t>());
    offset &= ~std::uint64_t{3};
    (void)aplic.read(offset, 4); // nor does a load
}

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input{{data, size}};
    Listener listener;
    Aplic aplic{listener};
    Rules rules;
    for (unsigned acts = 0; acts < 500 && !input.empty(); ++acts) {
        if (input.next() % 8 == 0)
            odd_access(input, aplic);
        else
            act(input, aplic, rules);
        must(listener.sent == rules.sent);
        for (std::uint32_t number = 1; number < Aplic::sources; ++number) {
            const Source& source = rules.sources[number];
            const auto bit = [&](std::uint64_t array) {
                return (aplic.read(array + number / 32 * 4, 4) >> number % 32 & 1) != 0;
            };
            must(bit(0x1c00) == source.pending && bit(0x1d00) == source.input() && bit(0x1e00) == source.enabled);
            must(aplic.read(4 * number, 4) == source.mode && aplic.read(0x3000 + 4 * number, 4) == source.target);
        }
    }
    return 0;
}
