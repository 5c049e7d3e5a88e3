// SPDX-License-Identifier: Apache-2.0
// The packets of GDB's remote serial protocol ("Packets", "General Query Packets"), which come while all harts rest.
#include "monitors/gdb/stub.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "base/page.hpp"
#include "monitors/gdb/registers.hpp"

namespace gdb {

namespace {

// Errors by the numbers of Linux's errno, in hexadecimal: not every packet may be answered with a text.
constexpr const char *ok = "OK", *not_supported = "", *no_thread = "E03" /* ESRCH */, *no_register = "E06" /* ENXIO */,
                     *no_memory = "E0e" /* EFAULT */, *bad_packet = "E16" /* EINVAL */;

}

std::optional<std::string> Stub::handle(Scanner packet) {
    if (packet.accept("vCont?"))
        return "vCont;c;C;s;S";
    if (packet.accept("vCont"))
        return multi(packet);
    if (packet.accept("vKill") || packet.accept("k")) {
        detach();
        target_.kill();
        return ok;
    }
    if (packet.accept("?"))
        return stop_reply();
    if (packet.accept("QStartNoAckMode")) {
        answer(ok); // which is acknowledged no more
        acknowledging_ = false;
        return {};
    }
    if (packet.accept("q"))
        return query(packet);
    if (packet.accept("g"))
        return read_registers();
    if (packet.accept("G"))
        return write_registers(packet);
    if (packet.accept("p"))
        return read_register(packet);
    if (packet.accept("P"))
        return write_register(packet);
    if (packet.accept("m"))
        return read_memory(packet);
    if (packet.accept("M"))
        return write_memory(packet, false);
    if (packet.accept("X"))
        return write_memory(packet, true);
    if (packet.accept("Z0,"))
        return breakpoint(packet, true);
    if (packet.accept("z0,"))
        return breakpoint(packet, false);
    if (packet.accept("H"))
        return choose(packet);
    if (packet.accept("T"))
        return alive(packet);
    if (packet.accept("D")) {
        detach();
        return ok;
    }
    if (packet.rest() == "c" || packet.rest() == "s")
        return resume(~Harts{0} >> (64 - target_.harts()), packet.rest() == "s" ? std::optional{hart_} : std::nullopt);
    return not_supported;
}

std::optional<std::string> Stub::query(Scanner packet) {
    if (packet.accept("Supported"))
        return supported(packet);
    if (packet.accept("Xfer:features:read:target.xml:"))
        return description(packet);
    if (packet.accept("Attached"))
        return "1";
    if (packet.accept("fThreadInfo")) {
        std::string reply = "m";
        for (unsigned hart = 0; hart < target_.harts(); ++hart)
            (reply += hart == 0 ? "" : ",") += number_text(hart + 1);
        return reply;
    }
    if (packet.accept("sThreadInfo"))
        return "l";
    if (packet.accept("ThreadExtraInfo,")) {
        const auto hart = thread(packet);
        if (!hart)
            return no_thread;
        std::string text = "hart ";
        (text += decimal_text(*hart)) += target_.started(*hart) ? ", started" : ", stopped";
        return to_hex(std::as_bytes(std::span{text}));
    }
    if (packet.rest() == "C")
        return std::string{"QC"} += number_text(hart_ + 1);
    return not_supported;
}

std::string Stub::supported(Scanner packet) {
    tells_swbreak_ = packet.rest().find("swbreak+") != std::string_view::npos;
    std::string reply = "PacketSize=";
    return (reply += number_text(packet_limit)) += ";qXfer:features:read+;QStartNoAckMode+;vContSupported+;swbreak+";
}

std::string Stub::description(Scanner range) {
    const auto asked = range.pair();
    if (!asked)
        return bad_packet;
    if (description_.empty())
        description_ = describe_registers(target_.features());
    const std::uint64_t first = std::min<std::uint64_t>(asked->first, description_.size());
    const std::uint64_t count = std::min<std::uint64_t>(asked->second, packet_limit / 2); // if all of it were escaped
    return std::string{first + count >= description_.size() ? "l" : "m"} += description_.substr(first, count);
}

/// A thread's number, which is its hart's and 1 more; 0 means any.
std::optional<unsigned> Stub::thread(Scanner& packet) const {
    const auto id = packet.number();
    if (!id || *id > target_.harts())
        return {};
    return *id == 0 ? hart_ : static_cast<unsigned>(*id - 1);
}

std::string Stub::choose(Scanner packet) {
    if (packet.accept("c")) // vCont is what runs threads
        return ok;
    if (!packet.accept("g"))
        return bad_packet;
    if (packet.accept("-1"))
        return ok;
    const auto hart = thread(packet);
    if (!hart)
        return no_thread;
    hart_ = *hart;
    return ok;
}

std::string Stub::alive(Scanner packet) {
    return thread(packet) ? ok : no_thread;
}

std::string Stub::read_registers() {
    std::string reply;
    for (unsigned which = 0; which < number::general; ++which) {
        const auto value = target_.read_register(hart_, which);
        if (!value)
            return no_register;
        reply += to_hex(std::as_bytes(std::span{&*value, 1}));
    }
    return reply;
}

std::string Stub::write_registers(Scanner packet) {
    std::array<std::uint64_t, number::general> values;
    const auto bytes = from_hex(packet.rest());
    if (!bytes || bytes->size() != sizeof values)
        return bad_packet;
    std::ranges::copy(*bytes, std::as_writable_bytes(std::span{values}).begin());
    for (unsigned which = 1; which < number::general; ++which) // x0 is 0
        if (!target_.write_register(hart_, which, values[which]))
            return no_register;
    return ok;
}

std::string Stub::read_register(Scanner packet) {
    const auto which = packet.number();
    const auto bytes = which && *which < number::end ? register_bytes(static_cast<unsigned>(*which), target_.features())
                                                     : std::nullopt;
    if (!bytes)
        return no_register;
    if (*which >= number::first_vector) {
        std::vector<std::byte> value(*bytes);
        if (!target_.read_vector(hart_, static_cast<unsigned>(*which - number::first_vector), value))
            return no_register;
        return to_hex(value);
    }
    const auto value = target_.read_register(hart_, static_cast<unsigned>(*which));
    return value ? to_hex(std::as_bytes(std::span{&*value, 1}).first(*bytes)) : no_register;
}

std::string Stub::write_register(Scanner packet) {
    const auto which = packet.number();
    const auto bytes = which && *which < number::end ? register_bytes(static_cast<unsigned>(*which), target_.features())
                                                     : std::nullopt;
    if (!bytes)
        return no_register;
    const auto value = packet.accept("=") ? from_hex(packet.rest()) : std::nullopt;
    if (!value || value->size() != *bytes)
        return bad_packet;
    if (*which >= number::first_vector)
        return target_.write_vector(hart_, static_cast<unsigned>(*which - number::first_vector), *value) ? ok
                                                                                                         : no_register;
    std::uint64_t word = 0;
    std::ranges::copy(*value, std::as_writable_bytes(std::span{&word, 1}).begin());
    return *which == 0 || target_.write_register(hart_, static_cast<unsigned>(*which), word) ? ok : no_register;
}

std::span<std::byte> Stub::piece(GuestVirtual address, std::span<std::byte> rest) const {
    return rest.first(std::min<std::uint64_t>(rest.size(), page_bytes - address.value % page_bytes));
}

std::string Stub::read_memory(Scanner packet) {
    const auto range = packet.pair();
    if (!range)
        return bad_packet;
    std::vector<std::byte> bytes(std::min<std::uint64_t>(range->second, packet_limit / 2));
    std::size_t done = 0;
    while (done < bytes.size()) {
        const auto address = GuestVirtual{range->first}.plus(done);
        const auto place = address ? translate(hart_, *address) : std::nullopt;
        if (!place)
            break;
        const auto part = piece(*address, std::span{bytes}.subspan(done));
        if (!breakpoints_.read(*place, part))
            break;
        done += part.size();
    }
    if (done == 0 && !bytes.empty())
        return no_memory;
    return to_hex(std::span{bytes}.first(done));
}

std::string Stub::write_memory(Scanner packet, bool binary) {
    const auto range = packet.pair();
    if (!range || !packet.accept(":"))
        return bad_packet;
    std::vector<std::byte> bytes;
    if (binary) {
        const auto raw = std::as_bytes(std::span{packet.rest()});
        bytes.assign(raw.begin(), raw.end());
    } else if (auto plain = from_hex(packet.rest())) {
        bytes = std::move(*plain);
    } else {
        return bad_packet;
    }
    if (bytes.size() != range->second)
        return bad_packet;
    for (std::size_t done = 0; done < bytes.size();) {
        const auto address = GuestVirtual{range->first}.plus(done);
        const auto place = address ? translate(hart_, *address) : std::nullopt;
        if (!place)
            return no_memory;
        const auto part = piece(*address, std::span{bytes}.subspan(done));
        if (!breakpoints_.write(*place, part))
            return no_memory;
        done += part.size();
    }
    if (!bytes.empty())
        target_.code_changed();
    return ok;
}

/// A breakpoint is always the short one, whichever kind the debugger asks for: whoever has H has C.
std::string Stub::breakpoint(Scanner packet, bool insert) {
    const auto where = packet.pair();
    if (!where || (where->second != 2 && where->second != 4))
        return bad_packet;
    const GuestVirtual address{where->first};
    if (!insert) {
        breakpoints_.remove(address);
        return ok;
    }
    const auto place = translate(hart_, address);
    return place && breakpoints_.insert(address, *place) ? ok : no_memory;
}

/// vCont: an action for each thread, of which the first that fits counts.
std::optional<std::string> Stub::multi(Scanner packet) {
    Harts decided = 0, running = 0;
    std::optional<unsigned> stepping;
    const Harts all = ~Harts{0} >> (64 - target_.harts());
    while (packet.accept(";")) {
        const bool steps = packet.rest().starts_with('s') || packet.rest().starts_with('S');
        const bool with_signal = packet.rest().starts_with('S') || packet.rest().starts_with('C');
        if (!packet.accept("s") && !packet.accept("S") && !packet.accept("c") && !packet.accept("C"))
            return bad_packet;
        if (with_signal && !packet.number())
            return bad_packet;
        Harts meant = all;
        if (packet.accept(":") && !packet.accept("-1")) {
            const auto hart = thread(packet);
            if (!hart)
                return no_thread;
            meant = Harts{1} << *hart;
        }
        meant &= ~decided;
        decided |= meant;
        if (steps && meant != 0 && !stepping)
            stepping = (meant >> hart_ & 1) != 0 ? hart_ : static_cast<unsigned>(std::countr_zero(meant));
        running |= meant;
    }
    if (!packet.empty() || running == 0)
        return bad_packet;
    return resume(running, stepping);
}

}
