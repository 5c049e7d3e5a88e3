// SPDX-License-Identifier: Apache-2.0
#include "devices/aplic.hpp"

namespace devices {

namespace {

constexpr std::uint64_t domaincfg = 0, setip = 0x1c00, setipnum = 0x1cdc, in_clrip = 0x1d00, clripnum = 0x1ddc,
                        setie = 0x1e00, setienum = 0x1edc, clrie = 0x1f00, clrienum = 0x1fdc, setipnum_le = 0x2000,
                        genmsi = 0x3000, targets = 0x3000;
constexpr std::uint64_t array_bytes = (Aplic::sources + 31) / 32 * 4;
constexpr std::uint32_t interrupts_on = 1 << 8;
/// target and genmsi: Hart Index and EIID. Guest Index is 0: guests have no guests.
constexpr std::uint32_t target_hart = 0x3fff, hart_shift = 18, identity_mask = 0x7ff;

bool in(std::uint64_t offset, std::uint64_t array) {
    return offset >= array && offset < array + array_bytes;
}

/// The number of the source whose register of an array that begins with source 1 is at `offset`; 0: none.
std::uint32_t source_at(std::uint64_t offset, std::uint64_t array) {
    const std::uint64_t source = (offset - array) / 4;
    return offset > array && source < Aplic::sources ? static_cast<std::uint32_t>(source) : 0;
}

}

void Aplic::reset() {
    interrupts_on_ = false;
    level_ = input_ = pending_ = enabled_ = {};
    mode_ = {};
    target_ = {};
}

bool Aplic::level_sensitive(std::uint32_t source) const {
    return mode_[source] == Mode::Level1 || mode_[source] == Mode::Level0;
}

/// Pending with a rise of the input; no longer if it is low and its level is what counts ("Interrupt pending bits").
void Aplic::set_input(std::uint32_t source) {
    const bool inverted = mode_[source] == Mode::Edge0 || mode_[source] == Mode::Level0;
    const bool now = mode_[source] > Mode::Detached && level_[source] != inverted;
    if (now && !input_[source])
        pending_.set(source, true);
    if (!now && level_sensitive(source))
        pending_.set(source, false);
    input_.set(source, now);
}

void Aplic::set_level(std::uint32_t source, bool high) {
    if (source == 0 || source >= sources || level_[source] == high)
        return;
    level_.set(source, high);
    set_input(source);
    send();
}

/// sourcecfg. There is no domain to delegate a source to, and two modes are reserved: with these it is inactive.
void Aplic::set_mode(std::uint32_t source, std::uint64_t value) {
    constexpr std::uint64_t delegate = 1 << 10, mode = 7;
    const bool none = (value & delegate) != 0 || (value & mode) == 2 || (value & mode) == 3;
    mode_[source] = none ? Mode::Inactive : static_cast<Mode>(value & mode);
    if (mode_[source] == Mode::Inactive) {
        pending_.set(source, false);
        enabled_.set(source, false);
        target_[source] = 0;
    }
    set_input(source);
}

void Aplic::set_pending(std::uint64_t source) {
    if (source == 0 || source >= sources || mode_[source] == Mode::Inactive)
        return;
    if (!level_sensitive(static_cast<std::uint32_t>(source)) || input_[source])
        pending_.set(source, true);
}

void Aplic::clear_pending(std::uint64_t source) {
    if (source < sources)
        pending_.set(source, false);
}

void Aplic::set_enabled(std::uint64_t source, bool on) {
    if (source != 0 && source < sources && mode_[source] != Mode::Inactive)
        enabled_.set(source, on);
}

void Aplic::send_message(std::uint32_t target) {
    if (target >> hart_shift < harts)
        listener_.message(target >> hart_shift, target & identity_mask);
}

/// What has been sent is no longer pending.
void Aplic::send() {
    if (!interrupts_on_)
        return;
    for_each_in_both(pending_, enabled_, [&](std::uint32_t source) {
        pending_.set(source, false);
        send_message(target_[source]);
    });
}

std::uint64_t Aplic::read(std::uint64_t offset, unsigned width) {
    constexpr std::uint32_t read_as = 0x8000'0000, by_message = 1 << 2;
    if (width != 4 || offset % 4 != 0)
        return 0;
    if (offset == domaincfg)
        return read_as | by_message | (interrupts_on_ ? interrupts_on : 0);
    if (const std::uint32_t source = source_at(offset, domaincfg))
        return static_cast<std::uint32_t>(mode_[source]);
    if (const std::uint32_t source = offset > targets ? source_at(offset, targets) : 0)
        return target_[source];
    if (in(offset, setip))
        return pending_.word((offset - setip) / 4);
    if (in(offset, in_clrip))
        return input_.word((offset - in_clrip) / 4);
    if (in(offset, setie))
        return enabled_.word((offset - setie) / 4);
    return 0;
}

void Aplic::write_word(std::uint64_t offset, std::uint64_t value) {
    for (unsigned i = 0; i < 32; ++i) {
        if ((value >> i & 1) == 0)
            continue;
        const std::uint64_t source = offset % 0x100 * 8 + i;
        if (in(offset, setip))
            set_pending(source);
        else if (in(offset, in_clrip))
            clear_pending(source);
        else if (in(offset, setie))
            set_enabled(source, true);
        else if (in(offset, clrie))
            set_enabled(source, false);
    }
}

void Aplic::write(std::uint64_t offset, unsigned width, std::uint64_t value) {
    if (width != 4 || offset % 4 != 0)
        return;
    value &= 0xffff'ffff;
    const auto target = static_cast<std::uint32_t>(value & (target_hart << hart_shift | identity_mask));
    switch (offset) {
    case domaincfg: interrupts_on_ = (value & interrupts_on) != 0; break;
    case setipnum:
    case setipnum_le: set_pending(value); break;
    case clripnum: clear_pending(value); break;
    case setienum: set_enabled(value, true); break;
    case clrienum: set_enabled(value, false); break;
    case genmsi: return send_message(target);
    default:
        if (const std::uint32_t source = source_at(offset, domaincfg))
            set_mode(source, value);
        else if (const std::uint32_t other = offset > targets ? source_at(offset, targets) : 0)
            target_[other] = mode_[other] == Mode::Inactive ? 0 : target;
        else
            write_word(offset, value);
    }
    send();
}

}
