// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <optional>

#include <termios.h>

#include "base/control.hpp"
#include "cli/control/file.hpp"

namespace control {

/// The terminal of a file, if it has one, without echo, lines or signals; as it was before when this ends.
class RawTerminal {
  public:
    explicit RawTerminal(int file);
    ~RawTerminal();
    RawTerminal(const RawTerminal&) = delete;
    RawTerminal& operator=(const RawTerminal&) = delete;
    bool raw() const { return before_.has_value(); }
    /// How large it is; nothing where there is none.
    std::optional<Resize> size() const;

  private:
    int file_;
    std::optional<termios> before_;
};

/// Signals as something to read, in place of what they would do. They stay so until the process ends: one that comes
/// late must not end it half-way through tidying up.
class Signals {
  public:
    Signals(std::initializer_list<int> signals);
    int file() const { return file_.descriptor(); }
    /// The next one that is there, or 0.
    int take();

  private:
    File file_;
};

}
