// SPDX-License-Identifier: Apache-2.0
#include "devices/plic.hpp"

namespace devices {

namespace {

constexpr std::uint64_t pending_base = 0x1000, enable_stride = sizeof(Plic::EnablePage::Context),
                        context_base = 0x20'0000, context_stride = 0x1000;

}

void Plic::reset() {
    level_ = pending_ = claimed_ = {};
    priority_ = {};
    *enabled_ = {};
    threshold_ = {};
    update();
}

/// The pending source that a context is to serve first: of those above `urgency` the most urgent, of equals the lowest.
std::uint32_t Plic::best(std::uint32_t context, std::uint8_t urgency) const {
    std::uint32_t best = 0;
    for_each_in_both(pending_, enabled_->contexts[context].sources, [&](std::uint32_t source) {
        if (priority_[source] > urgency) {
            best = source;
            urgency = priority_[source];
        }
    });
    return best;
}

/// Out of line, so that a level which is known already costs next to nothing.
[[gnu::noinline]] void Plic::update() {
    for (unsigned hart = 0; hart < harts_; ++hart) {
        const std::uint32_t context = 2 * hart + 1;
        const bool now = best(context, threshold_[context]) != 0;
        if (now != told_[hart]) {
            told_[hart] = now;
            listener_.external_interrupt(hart, now);
        }
    }
}

void Plic::set_level(std::uint32_t source, bool high) {
    if (source == 0 || source >= sources || level_[source] == high)
        return;
    level_.set(source, high);
    if (high && !claimed_[source])
        pending_.set(source, true);
    update();
}

/// The threshold says when a hart is interrupted, not what it can claim ("Interrupt Claim Process").
std::uint32_t Plic::claim(std::uint32_t context) {
    const std::uint32_t source = best(context, 0);
    if (source != 0) {
        pending_.set(source, false);
        claimed_.set(source, true);
        update();
    }
    return source;
}

void Plic::complete(std::uint32_t context, std::uint32_t source) {
    if (source == 0 || source >= sources || !claimed_[source] || !enabled_->contexts[context].sources[source])
        return;
    claimed_.set(source, false);
    if (level_[source])
        pending_.set(source, true);
    update();
}

std::uint64_t Plic::read(std::uint64_t offset, unsigned width) {
    if (width != 4 || offset % 4 != 0)
        return 0;
    if (offset < pending_base)
        return offset / 4 < sources ? priority_[offset / 4] : 0;
    if (offset < enable_base)
        return pending_.word((offset - pending_base) / 4);
    if (offset < context_base) {
        const std::uint64_t context = (offset - enable_base) / enable_stride,
                            index = (offset - enable_base) % enable_stride / 4;
        return context < contexts() ? enabled_->contexts[context].sources.word(index) : 0;
    }
    const std::uint64_t context = (offset - context_base) / context_stride;
    if (context >= contexts())
        return 0;
    switch ((offset - context_base) % context_stride) {
    case 0: return threshold_[context];
    case 4: return claim(static_cast<std::uint32_t>(context));
    default: return 0;
    }
}

void Plic::write(std::uint64_t offset, unsigned width, std::uint64_t value) {
    if (width != 4 || offset % 4 != 0)
        return;
    if (offset < pending_base) {
        if (offset != 0 && offset / 4 < sources) // there is no source 0
            priority_[offset / 4] = static_cast<std::uint8_t>(value & most_urgent);
    } else if (offset < enable_base) {
        return;
    } else if (offset < context_base) {
        const std::uint64_t context = (offset - enable_base) / enable_stride,
                            index = (offset - enable_base) % enable_stride / 4;
        if (context >= contexts())
            return;
        const std::uint32_t no_source = index == 0 ? 1 : 0; // there is no source 0
        enabled_->contexts[context].sources.set_word(index, static_cast<std::uint32_t>(value) & ~no_source);
    } else {
        const std::uint64_t context = (offset - context_base) / context_stride;
        if (context >= contexts())
            return;
        switch ((offset - context_base) % context_stride) {
        case 0: threshold_[context] = static_cast<std::uint8_t>(value & most_urgent); break;
        case 4: return complete(static_cast<std::uint32_t>(context), static_cast<std::uint32_t>(value));
        default: return;
        }
    }
    update();
}

}
