// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/control.hpp"

/// After how many seconds a machine that has ended by itself is started again; nothing: it is not. `restarts` is how
/// often that was done before: each one waits twice as long as the last, up to an hour; but never shorter than the
/// manifest's `backoff`.
constexpr std::optional<std::uint64_t> restart_delay(control::RestartPolicy policy, bool well, std::uint64_t backoff,
                                                     std::uint32_t restarts) {
    if (policy == control::RestartPolicy::No || (policy == control::RestartPolicy::OnFailure && well))
        return {};
    constexpr std::uint64_t most = 3600;
    constexpr std::uint32_t doublings = 12;
    return std::max(backoff, std::min(most, backoff << std::min(restarts, doublings)));
}

static_assert(!restart_delay(control::RestartPolicy::No, false, 1, 0));
static_assert(!restart_delay(control::RestartPolicy::OnFailure, true, 1, 0));
static_assert(restart_delay(control::RestartPolicy::Always, true, 2, 0) == 2);
static_assert(restart_delay(control::RestartPolicy::OnFailure, false, 1, 3) == 8);
static_assert(restart_delay(control::RestartPolicy::OnFailure, false, 1, 4'000'000'000) == 3600);
