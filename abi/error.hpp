// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <expected>

namespace abi {

/// Why a system call failed: what the nucleus puts into a0. None means that it did not fail.
enum class Error : std::uint8_t {
    None = 0,
    Again,         ///< a bounded piece is done, or another hart has yet to let go: call again (the SDK does)
    BadCall,       ///< no such system call
    BadHandle,     ///< the caller holds no such object, or it is not of the kind that the call needs, or it is gone
    BadRights,     ///< the handle lacks a right that the call needs
    BadArgument,   ///< a number is out of its range or not a multiple of what it must be
    OutOfQuota,    ///< the process has no page of its quota left
    OutOfHandles,  ///< the handle table of the process that was to get the handle is full
    AlreadyMapped, ///< something is mapped at that address
    NotMapped,     ///< nothing is mapped at that address
    Busy,          ///< the object is in use by another thread
    TimedOut,      ///< the deadline passed first
    Unsupported,   ///< this machine cannot do that
};

template <class T>
using Result = std::expected<T, Error>;

}
