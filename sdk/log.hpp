// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace sdk {

/// Writes to the console, in pieces of at most abi::log_bytes that do not mix with others'.
void write(std::string_view text);
/// A line on the console, as printf would format it, after the program's name.
[[gnu::format(printf, 1, 2)]] void log(const char* format, ...);
/// The same, and the end of the process.
[[noreturn, gnu::format(printf, 1, 2)]] void fail(const char* format, ...);

}
