// SPDX-License-Identifier: Apache-2.0
// The PLIC's window and its lines, against the specification's rules written down a second time, without regard for
// speed.
#include "devices/plic.hpp"

#include <set>

#include "tests/fuzz/registers.hpp"

namespace {

using namespace fuzz;
using devices::Plic;

struct Listener final : Plic::Listener {
    void external_interrupt(unsigned hart, bool pending) override {
        must(hart < Plic::hart_limit && pending != high[hart]); // only changes are told
        high[hart] = pending;
    }
    std::array<bool, Plic::hart_limit> high{};
};

constexpr std::uint64_t window = 0x60'0000, pending_base = 0x1000, enable_base = 0x2000, context_base = 0x20'0000;

class Rules {
  public:
    void set_level(std::uint32_t source, bool high) {
        if (source == 0 || source >= Plic::sources)
            return;
        if (high && !level_.contains(source) && !claimed_.contains(source))
            pending_.insert(source);
        change(level_, source, high);
    }
    void set_enable(std::uint32_t context, std::uint32_t source, bool on) {
        if (source != 0 && source < Plic::sources)
            change(enabled_[context], source, on);
    }
    std::uint32_t claim(std::uint32_t context) {
        const std::uint32_t source = best(context, 0);
        if (source != 0) {
            pending_.erase(source);
            claimed_.insert(source);
        }
        return source;
    }
    void complete(std::uint32_t context, std::uint32_t source) {
        if (!enabled_[context].contains(source) || claimed_.erase(source) == 0)
            return;
        if (level_.contains(source))
            pending_.insert(source);
    }
    bool interrupted(unsigned hart) const { return best(2 * hart + 1, threshold[2 * hart + 1]) != 0; }
    std::uint32_t pending_word(std::uint32_t index) const {
        std::uint32_t word = 0;
        for (const std::uint32_t source : pending_)
            if (source / 32 == index)
                word |= 1u << source % 32;
        return word;
    }

    std::array<unsigned, Plic::sources> priority{};
    std::array<unsigned, Plic::context_limit> threshold{};

  private:
    static void change(std::set<std::uint32_t>& set, std::uint32_t member, bool in) {
        if (in)
            set.insert(member);
        else
            set.erase(member);
    }
    std::uint32_t best(std::uint32_t context, unsigned above) const {
        std::uint32_t found = 0;
        for (const std::uint32_t source : pending_)
            if (enabled_[context].contains(source) && priority[source] > above &&
                (found == 0 || priority[source] > priority[found]))
                found = source;
        return found;
    }
    std::set<std::uint32_t> level_, pending_, claimed_;
    std::array<std::set<std::uint32_t>, Plic::context_limit> enabled_;
};

/// What a well-formed access does, and that it does it.
void act(Input& input, Plic& plic, Rules& rules) {
    const std::uint32_t context = input.next() % Plic::context_limit, source = input.next() % (Plic::sources + 2);
    const std::uint64_t of_context = context_base + 0x1000 * context;
    const std::uint32_t value = input.next<std::uint32_t>();
    switch (input.next() % 8) {
    case 0:
        plic.write(4 * source, 4, value);
        if (source != 0 && source < Plic::sources)
            rules.priority[source] = value & 7;
        break;
    case 1:
        plic.write(enable_base + 0x80 * context + source / 32 * 4, 4, value);
        for (std::uint32_t bit = 0; bit < 32; ++bit)
            rules.set_enable(context, source / 32 * 32 + bit, (value >> bit & 1) != 0);
        break;
    case 2:
        plic.write(of_context, 4, value);
        rules.threshold[context] = value & 7;
        break;
    case 3: must(plic.read(of_context + 4, 4) == rules.claim(context)); break;
    case 4:
        plic.write(of_context + 4, 4, source);
        rules.complete(context, source);
        break;
    default: plic.set_level(source, (value & 1) != 0); rules.set_level(source, (value & 1) != 0);
    }
}

/// An access that the specification knows nothing of: it must not change a thing.
void odd_access(Input& input, Plic& plic) {
    unsigned width = widths[input.next() % widths.size()];
    std::uint64_t offset = input.next<std::uint32_t>() % (window - 8);
    if (width == 4 && offset % 4 == 0) {
        if (input.next() % 2 != 0)
            width = 8;
        else
            ++offset;
    }
    must(plic.read(offset, width) == 0);
    plic.write(offset, width, input.next<std::uint64_t>());
}

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input{{data, size}};
    Listener listener;
    Plic plic{listener};
    Rules rules;
    for (unsigned acts = 0; acts < 500 && !input.empty(); ++acts) {
        if (input.next() % 8 == 0)
            odd_access(input, plic);
        else
            act(input, plic, rules);
        for (unsigned hart = 0; hart < Plic::hart_limit; ++hart)
            must(listener.high[hart] == rules.interrupted(hart));
        for (std::uint32_t index = 0; index < Plic::sources / 32; ++index)
            must(plic.read(pending_base + 4 * index, 4) == rules.pending_word(index));
    }
    plic.reset();
    for (const bool high : listener.high)
        must(!high);
    return 0;
}
