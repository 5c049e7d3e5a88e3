// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>

namespace control {

/// Ends a verb: a line for a person, which says what to do.
struct Failure : std::runtime_error {
    using runtime_error::runtime_error;
};

}
