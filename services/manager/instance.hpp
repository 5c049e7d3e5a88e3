// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/control.hpp"
#include "sdk/channel.hpp"
#include "sdk/manager.hpp"
#include "sdk/time.hpp"
#include "services/manager/bundle.hpp"

/// What a verb of the host's, or the system's own end, is doing with a machine. One at a time.
struct Operation {
    std::uint16_t session = 0; ///< to be told of the outcome; 0: nobody
    control::Verb verb{};
    bool force = false;
};

/// One machine of the system: its plan, what it is doing, and its monitor while it has one.
struct Instance {
    std::size_t slot;
    Bundle* bundle;
    Plan plan;

    control::State state = control::State::Off;
    std::string reason;
    std::uint64_t since = 0; ///< ticks
    std::uint64_t deadline = ~std::uint64_t{0};
    std::uint32_t restarts = 0; ///< by its policy, since it was last started otherwise
    std::int32_t exit_status = 0;
    std::optional<Operation> operation;

    std::optional<Machine> machine;
    sdk::Channel orders;
    bool ready = false; ///< its monitor listens
    std::optional<sdk::manager::Stats> stats;
    std::optional<control::Resize> size; ///< of who last looked at its console; it stays over its monitors
    bool size_due = false;               ///< its monitor does not know that yet

    std::string_view name() const { return plan.machine.name; }
    bool runs() const { return state == control::State::Running || state == control::State::Paused; }
    /// It has a monitor, or is going to have one by itself.
    bool alive() const {
        return machine.has_value() || state == control::State::Backoff || state == control::State::Waiting;
    }
    /// Whether its monitor takes orders, as far as can be known: one that has just begun may be about to say so.
    bool listens() const {
        constexpr std::uint64_t seconds = 5;
        return ready || sdk::now() - since < seconds * sdk::ticks_per_second();
    }
    bool order(sdk::manager::Order what, std::span<const std::byte> bytes = {}) {
        const sdk::manager::Header header{static_cast<std::uint32_t>(what), static_cast<std::uint32_t>(bytes.size())};
        return orders && listens() && orders.write_both(std::as_bytes(std::span{&header, 1}), bytes);
    }
};
