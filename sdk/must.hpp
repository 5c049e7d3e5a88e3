// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <type_traits>
#include <utility>

#include "abi/error.hpp"
#include "sdk/log.hpp"

namespace sdk {

/// The name of an error, for people.
const char* describe(abi::Error error);

/// What a call gave, or the end of the process if it failed: for programs that cannot go on without.
template <class T>
T must(abi::Result<T> result, const char* what) {
    if (!result)
        fail("%s: %s", what, describe(result.error()));
    if constexpr (!std::is_void_v<T>)
        return std::move(*result);
}

}
