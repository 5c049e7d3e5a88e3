// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include "abi/handle.hpp"
#include "sdk/system_call.hpp"

namespace sdk {

/// Owns a slot of the process's handle table; slot 0 is none. Closing it leaves the object alone.
class Handle {
  public:
    Handle() = default;
    explicit Handle(abi::Handle slot) : slot_{slot} {}
    Handle(Handle&& other) noexcept : slot_{std::exchange(other.slot_, 0)} {}
    Handle& operator=(Handle&& other) noexcept {
        std::swap(slot_, other.slot_);
        return *this;
    }
    ~Handle() {
        if (slot_ != 0)
            (void)call(abi::Call::HandleClose, slot_);
    }

    abi::Handle slot() const { return slot_; }
    explicit operator bool() const { return slot_ != 0; }
    /// Gives the slot away: nobody closes it now.
    abi::Handle release() { return std::exchange(slot_, 0); }

  private:
    abi::Handle slot_ = 0;
};

/// Owns a process, guest or event too: it ends with its owner.
class Object {
  public:
    Object() = default;
    explicit Object(abi::Handle slot) : handle_{slot} {}
    Object(Object&&) noexcept = default;
    Object& operator=(Object&&) noexcept = default;
    ~Object() {
        if (handle_)
            (void)call(abi::Call::Destroy, handle_.slot());
    }
    abi::Handle slot() const { return handle_.slot(); }

  private:
    Handle handle_;
};

}
