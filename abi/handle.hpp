// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace abi {

/// A slot of the caller's handle table; 0 is never one.
using Handle = std::uint64_t;

/// Slots of a process's table: the nucleus refuses any number from here on.
inline constexpr std::uint64_t handle_slots = 255;

/// What a handle names.
enum class Kind : std::uint8_t {
    None = 0,
    System,    ///< the machine as a whole: log, reset
    Memory,    ///< a range of physical pages
    Interrupt, ///< a range of host interrupt lines
    Process,
    Thread,
    Guest,
    Vcpu,
    Event,
};

/// What the holder of a handle may do with the object, as bits. Bits 0 to 2 mean something else for each kind.
enum class Rights : std::uint8_t {
    None = 0,
    Read = 1,    ///< Memory: map readable
    Write = 2,   ///< Memory: map writable
    Execute = 4, ///< Memory: map executable
    Log = 1,     ///< System: write to the firmware's console
    Reset = 2,   ///< System: reset or power off the machine
    Signal = 1,  ///< Event: raise bits
    Wait = 2,    ///< Event: wait for bits
    Control = 1, ///< Process, Thread, Guest, Vcpu, Interrupt: everything that their calls do
    Grant = 8,   ///< any: pass it on with `handle_grant`
    All = 15,
};

constexpr Rights operator|(Rights left, Rights right) {
    return static_cast<Rights>(static_cast<unsigned>(left) | static_cast<unsigned>(right));
}
constexpr Rights operator&(Rights left, Rights right) {
    return static_cast<Rights>(static_cast<unsigned>(left) & static_cast<unsigned>(right));
}
/// Whether `rights` has all of `needed`.
constexpr bool includes(Rights rights, Rights needed) {
    return (rights & needed) == needed;
}

/// Handles that every process is born with.
inline constexpr Handle own_process = 1;

}
