// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/control.hpp"
#include "sdk/channel.hpp"

/// What the console service and a monitor say to one another over the debug channel about those who watch the machine:
/// frames of the control protocol without their mark, in sessions whose numbers are the console service's choice. It
/// begins one with the host's Request, for Gdb or Trace, one of each at a time; the monitor answers with Opened or End.
/// An End of the console service's is not answered: what still comes in that session is thrown away.
namespace debug_link {

/// In an End: all sessions, of which a console service that begins anew knows nothing.
inline constexpr std::uint16_t every_session = 0;

/// Bytes of Data in a frame at most.
inline constexpr std::size_t piece_bytes = 4096;

/// Room that the console service leaves in its ring: for the Ends of both sessions.
inline constexpr std::size_t end_room = 64;
static_assert(2 * (sizeof(control::FrameHeader) + sizeof(control::End)) <= end_room);

}
