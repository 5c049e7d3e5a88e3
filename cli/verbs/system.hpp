// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/command_line.hpp"
#include "cli/control/channel.hpp"

/// The running system that a verb is for, as its command line names it.
struct System {
    std::string name;
    std::filesystem::path control;
    bool json = false;

    /// The control socket. Throws control::Failure if no system is there, or not just one.
    std::filesystem::path socket() const;
    control::Channel open() const;
};
void add_system_options(VerbOptions& verb, System& system, bool json = true);

/// How long the system may take for an answer that needs no waiting.
inline constexpr control::Channel::Milliseconds answer_patience{30'000};

/// What `end` says, thrown as control::Failure unless that is Done. Names the nearest machine, if there is none of that
/// name.
void require_done(control::Channel& channel, control::Verb verb, const std::string& machine, const control::Event& end);
/// Begins a session of Gdb or Trace, and waits until the machine's monitor has it. Throws control::Failure.
void open_watch(control::Channel& channel, control::Verb verb, const std::string& machine, bool force);
/// Checks a name from the command line before it is sent. Throws control::Failure.
void require_name(const std::string& machine);
/// The machine that the command line names, or the system's only one if it names none. Throws control::Failure.
std::string machine_of(control::Channel& channel, const std::string& named);
/// Adds the word for that.
VerbOptions& add_machine(VerbOptions& verb, std::string& machine);
/// The machines' records, in the system's order.
std::vector<control::MachineRecord> list(control::Channel& channel);
std::vector<std::string> names(control::Channel& channel);

/// A verb that does something to one machine, or to the system if `machine` is empty, and says so in one word.
struct Act {
    control::Verb verb;
    const char* done;
    std::uint16_t flags = 0;
    std::uint64_t milliseconds = 0;
};
int act_on(const System& system, const std::string& machine, const Act& act);
