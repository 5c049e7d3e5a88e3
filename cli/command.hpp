// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

#include "cli/control/file.hpp"

/// Other programs, run by their words; the first is looked up in PATH.
namespace command {

/// The words as a shell would take them.
std::string quote(const std::vector<std::string>& words);
/// Becomes that program. Throws std::system_error if it cannot be run.
[[noreturn]] void become(const std::vector<std::string>& words);
/// Runs it to its end, with our terminal; its exit status, 128 and the signal's number if it was killed.
int run(const std::vector<std::string>& words);
/// Runs it to its end without input; what it wrote, and its exit status.
struct Output {
    std::string text;
    int status = 0;
};
Output capture(const std::vector<std::string>& words);

/// One that runs beside us, with our terminal. Throws std::system_error if it cannot be run.
class Child {
  public:
    explicit Child(const std::vector<std::string>& words);
    /// Readable when it has ended.
    int file() const { return ended_.descriptor(); }
    /// Its exit status, as of `run`.
    int wait();

  private:
    pid_t process_;
    File ended_;
};

}
