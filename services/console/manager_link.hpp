// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/control.hpp"

/// What manager and console service say to one another over their channel: frames of the control protocol, which the
/// console service passes on between host and manager, and these.
namespace manager_link {

enum class Type : std::uint16_t {
    // From the manager.
    Define = 0x100, ///< Machine: there is one in this slot now
    Forget,         ///< Slot: it was removed; its sessions end
    Start,          ///< Slot: its monitor begins, with empty rings
    Continue,       ///< Slot: its monitor began under an earlier console service, which left its rings as they are
    Ended,          ///< Slot: its monitor is gone. Answered with Idle when what it wrote has been taken
    Say,            ///< Slot and text: a line about the machine, for people; slot ~0: about all
    Ready,          ///< nothing: all machines of the manifest have been told
    Flush,          ///< nothing: answered with Flushed when everything has been written
    // From the console service.
    Idle = 0x200, ///< Slot
    Flushed,      ///< nothing
    Resized,      ///< Size: of who looks at the slot's console
    Reset,        ///< nothing: the host has begun anew, or is gone; all sessions are
};

struct Slot {
    std::uint64_t number;
};
inline constexpr std::uint64_t no_slot = ~std::uint64_t{0};

struct Machine {
    std::uint64_t number;
    control::Name name;
    std::uint64_t memory; ///< handle in the console service's table: of console_pages; 0: as before in this slot
    std::uint64_t event;  ///< handle of the monitor's event; 0 where `memory` is
};

struct Size {
    std::uint64_t number;
    control::Resize size;
    std::uint32_t zero;
};

/// The console service's argument when there was one before it.
inline constexpr std::string_view again = "again";

/// Slots are numbers below this.
inline constexpr std::size_t slot_limit = 64;

constexpr control::FrameType frame_type(Type type) {
    return static_cast<control::FrameType>(type);
}
static_assert(control::Plain<Slot> && control::Plain<Machine> && control::Plain<Size>);

}
