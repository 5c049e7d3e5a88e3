// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/control_frames.hpp"

/// Records of the control channel, checked, as people and programs read them.
namespace control {

/// Calls `take` for each whole record in `bytes`; a record is never split over frames.
template <Plain Record, class Take>
void each_record(std::span<const std::byte> bytes, Take&& take) {
    for (; bytes.size() >= sizeof(Record); bytes = bytes.subspan(sizeof(Record)))
        take(*message_in<Record>(bytes));
}

/// Words for what the numbers say; "unknown" for numbers that say nothing.
std::string state_name(std::uint16_t state);
std::string policy_name(std::uint16_t policy);
std::string event_name(std::uint16_t kind);
std::string exit_name(std::size_t kind);
std::string trace_name(std::uint8_t kind);

/// The text that is in an array from the system, whatever that is filled with.
template <class Array>
std::string text_of(const Array& array) {
    return std::string{text_in(array).value_or(std::string_view{array.data(), array.size()})};
}

std::string json(const MachineRecord& machine);
std::string json(const StatsRecord& stats);
std::string json(const EventRecord& event);
std::string json(const TraceRecord& record);

/// One row of `ps` for a person, and its heading.
std::vector<std::string> row(const MachineRecord& machine);
std::vector<std::string> machine_heading();
/// One line for a person.
std::string line(const EventRecord& event);
std::string line(const TraceRecord& record, std::uint64_t timebase_hertz);

}
