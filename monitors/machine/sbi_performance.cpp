// SPDX-License-Identifier: Apache-2.0
#include "monitors/machine/sbi_performance.hpp"

#include <bit>

#include "base/page.hpp"

namespace machine {

namespace {

using sbi::Error;

/// The counters that `counter_idx_base` and `counter_idx_mask` name, as bits; nothing if there is no such counter.
std::optional<std::uint64_t> named_counters(const Call& call) {
    const std::uint64_t base = call.arguments[0], mask = call.arguments[1];
    if (mask == 0)
        return 0;
    if (base >= counter::count || mask >> (counter::count - base) != 0 || ((mask << base) & ~counter::valid) != 0)
        return {};
    return mask << base;
}

bool exists(std::uint64_t index) {
    return index < counter::count && (counter::valid >> index & 1) != 0;
}

/// Calls `action` with the number of each of a set of counters.
void for_each(std::uint64_t set, auto action) {
    for (; set != 0; set &= set - 1)
        action(static_cast<std::uint64_t>(std::countr_zero(set)));
}

}

Performance::Performance(const Surroundings& around) : around_{around} {
    for (unsigned hart = 0; hart < around.harts; ++hart) {
        harts_.emplace_back(hart, around);
        reset(hart);
    }
}

std::optional<std::uint64_t> Performance::read(unsigned hart, std::uint64_t csr) const {
    if (csr != counter::first_csr + counter::cycle && csr != counter::first_csr + counter::instret)
        return {};
    return harts_[hart].value(csr - counter::first_csr);
}

Answer Performance::get_info(const Call& call) const {
    constexpr std::uint64_t width_64 = 63 << 12, firmware_type = std::uint64_t{1} << 63;
    const std::uint64_t index = call.arguments[0];
    if (!exists(index))
        return {Error::InvalidParameter};
    if (counter::is_firmware(index)) // its width is to be ignored; Linux takes it all the same
        return {Error::Success, firmware_type | width_64};
    return {Error::Success, width_64 | (counter::first_csr + index)};
}

/// A counter that has an event keeps it until it is stopped with the flag that frees it, unless the caller names it.
Answer Performance::configure(const Call& call) {
    constexpr std::uint64_t skip_match = 1, clear_value = 2, auto_start = 4, all_flags = 0xff;
    const auto named = named_counters(call);
    const std::uint64_t flags = call.arguments[2], event = call.arguments[3];
    if (!named || (flags & ~all_flags) != 0) // bits 3 to 7 are hints, of filters that there are not here
        return {Error::InvalidParameter};
    const bool skip = (flags & skip_match) != 0;
    Counters& counters = harts_[call.hart];
    std::optional<std::uint64_t> found;
    if (counter_event::offered(event, call.arguments[4]))
        for_each(skip ? *named & -*named : *named, [&](std::uint64_t index) {
            if (!found && counter_event::counted_by(event, index) && !counters.started(index) &&
                (skip || counters.free(index)))
                found = index;
        });
    if (!found)
        return {Error::NotSupported};
    counters.assign(*found, event);
    if ((flags & clear_value) != 0)
        counters.set(*found, 0);
    if ((flags & auto_start) != 0)
        counters.start(*found);
    return {Error::Success, *found};
}

/// Starts those that are not started; the others are an error all the same. A counter without an event is no valid one.
Answer Performance::start(const Call& call) {
    constexpr std::uint64_t set_value = 1, from_snapshot = 2, all_flags = set_value | from_snapshot;
    const auto named = named_counters(call);
    const std::uint64_t flags = call.arguments[2];
    if (!named || (flags & ~all_flags) != 0 || flags == all_flags)
        return {Error::InvalidParameter};
    Counters& counters = harts_[call.hart];
    bool valid = true;
    for_each(*named, [&](std::uint64_t index) { valid &= !counters.free(index); });
    if (!valid)
        return {Error::InvalidParameter};
    if ((flags & from_snapshot) != 0)
        return {Error::NoSharedMemory};
    Answer answer{Error::Success};
    for_each(*named, [&](std::uint64_t index) {
        if (counters.started(index)) {
            answer.error = Error::AlreadyStarted;
            return;
        }
        if ((flags & set_value) != 0)
            counters.set(index, call.arguments[3]);
        counters.start(index);
    });
    return answer;
}

/// Stops those that are started; the others are an error all the same, but are freed like them.
Answer Performance::stop(const Call& call) {
    constexpr std::uint64_t reset = 1, to_snapshot = 2, all_flags = reset | to_snapshot;
    const auto named = named_counters(call);
    const std::uint64_t flags = call.arguments[2];
    if (!named || (flags & ~all_flags) != 0)
        return {Error::InvalidParameter};
    if ((flags & to_snapshot) != 0)
        return {Error::NoSharedMemory};
    Counters& counters = harts_[call.hart];
    Answer answer{Error::Success};
    for_each(*named, [&](std::uint64_t index) {
        if (counters.started(index))
            counters.stop(index);
        else
            answer.error = Error::AlreadyStopped;
        if ((flags & reset) != 0)
            counters.release(index);
    });
    return answer;
}

Answer Performance::firmware_read(const Call& call, bool high) const {
    const std::uint64_t index = call.arguments[0];
    if (!exists(index) || !counter::is_firmware(index))
        return {Error::InvalidParameter};
    return {Error::Success, high ? 0 : harts_[call.hart].value(index)};
}

/// Which of some events can be counted. Each entry is read once.
Answer Performance::event_info(const Call& call) const {
    struct Entry {
        std::uint32_t event, output;
        std::uint64_t data;
    };
    constexpr std::uint64_t entries_limit = 1024; // so that other harts need not wait for long
    const std::uint64_t low = call.arguments[0], high = call.arguments[1];
    const std::uint64_t count = call.arguments[2], flags = call.arguments[3];
    if (flags != 0 || !aligned(low, sizeof(Entry)))
        return {Error::InvalidParameter};
    if (count == 0)
        return {Error::Success};
    if (high != 0 || count > around_.ram.range().bytes / sizeof(Entry) ||
        !around_.ram.contains({low}, count * sizeof(Entry)))
        return {Error::InvalidAddress};
    if (count > entries_limit)
        return {Error::Failed};
    for (std::uint64_t at = low; at != low + count * sizeof(Entry); at += sizeof(Entry)) {
        const auto entry = around_.ram.read<Entry>({at});
        if (!entry || entry->event >> counter_event::index_bits != 0)
            return {Error::InvalidParameter};
        const bool has_data = entry->event > counter_event::code_mask; // general and cache events have none
        const std::uint32_t output = counter_event::offered(entry->event, has_data ? entry->data : 0);
        (void)around_.ram.write({at + offsetof(Entry, output)}, output);
    }
    return {Error::Success};
}

Outcome Performance::call(const Call& call) {
    enum : std::uint64_t {
        NumCounters,
        CounterGetInfo,
        CounterConfigMatching,
        CounterStart,
        CounterStop,
        CounterFwRead,
        CounterFwReadHi,
        SnapshotSetShmem,
        EventGetInfo
    };
    switch (call.function) {
    case NumCounters: return Answer{Error::Success, counter::count};
    case CounterGetInfo: return get_info(call);
    case CounterConfigMatching: return configure(call);
    case CounterStart: return start(call);
    case CounterStop: return stop(call);
    case CounterFwRead: return firmware_read(call, false);
    case CounterFwReadHi: return firmware_read(call, true);
    // May be left out. Linux up to at least 6.12 does not count any more on a hart that was stopped, if it is there.
    case SnapshotSetShmem: return Answer{Error::NotSupported};
    case EventGetInfo: return event_info(call);
    default: return Answer{Error::NotSupported};
    }
}

}
